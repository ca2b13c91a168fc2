import type { Clock } from '../base/clock.ts';
import type { Disk } from './disk.ts';

/**
 * Where there is room, the log is compacted once it is this many times as large as the base: it halves the bytes
 * written.
 */
const LOG_PER_BASE = 2;

/**
 * Where there is little room, a compaction rewrites at most this many times the bytes that were appended since the
 * last.
 */
const BASE_PER_LOG_MAX = 4;

/** A smaller log is never compacted, in bytes. */
const LOG_BYTES_FLOOR = 65_536;

/**
 * How far the log may grow behind its base before it is compacted, in bytes:
 *
 *     at most   max(bytesMin, 2 × base)
 *     wanted    (available − 2 × base) / 4, so that the old base, the log and the new base fit, beside other files
 *     at least  max(64 KiB, base / 4)
 *
 * @param base the size of the base, in bytes
 * @param available the size of the journal and the free space of its disk together, in bytes
 * @param bytesMin where there is room, a log that is smaller is not compacted, in bytes
 */
export function allowanceOf(base: number, available: number, bytesMin: number): number {
  const most = Math.max(bytesMin, LOG_PER_BASE * base);
  const least = Math.max(LOG_BYTES_FLOOR, base / BASE_PER_LOG_MAX);
  return Math.min(most, Math.max(least, (available - 2 * base) / 4));
}

/** The free space on the disk of a directory, as of the last time that the system was asked. */
export class FreeSpace {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #clock: Clock;
  #bytes = Number.POSITIVE_INFINITY;
  #askedMs = Number.NEGATIVE_INFINITY;
  #isAsking = false;

  constructor(disk: Disk, directory: string, clock: Clock) {
    this.#disk = disk;
    this.#directory = directory;
    this.#clock = clock;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Asks the system, unless that was done a moment ago. @param isUrgent much has been written since */
  refresh(isUrgent: boolean, onKnown: () => void): void {
    const isLate = this.#clock.nowMs() - this.#askedMs >= ASKED_EVERY_MS;
    if (this.#isAsking || !(isUrgent || isLate)) return;
    this.#isAsking = true;
    this.#askedMs = this.#clock.nowMs();
    this.#disk
      .freeBytes(this.#directory)
      .then(
        (bytes) => {
          this.#bytes = bytes;
          onKnown();
        },
        // Until the system answers again, the last answer counts.
        () => {},
      )
      .finally(() => {
        this.#isAsking = false;
      });
  }
}

/** How often the system is asked where little is written, in milliseconds: other programs may fill the disk. */
const ASKED_EVERY_MS = 1_000;
