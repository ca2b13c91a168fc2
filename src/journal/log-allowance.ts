import type { Clock } from '../base/clock.ts';
import type { Disk } from './disk.ts';

/** The log is compacted when it is so many times as large as the base, where there is room: it halves what is written. */
const LOG_PER_BASE = 2;

/** However little room there is, what is written anew at each compaction is at most so many times what has come. */
const BASE_PER_LOG_MAX = 4;

/** A log that is smaller is never compacted, in bytes. */
const LOG_BYTES_FLOOR = 65_536;

/**
 * How far the log may grow behind its base before it is compacted, in bytes:
 *
 *     at most   max(bytesMin, 2 × base)
 *     of the    (room − 2 × base) / 4, so that old base, log and new base fit, for other users of the disk, too
 *     at least  max(64 KiB, base / 4)
 *
 * @param base what the last compaction has left, in bytes
 * @param room what the journal has of the disk, and what is free there, in bytes
 * @param bytesMin with that much room a log is not compacted before it has grown to this, in bytes
 */
export function allowanceOf(base: number, room: number, bytesMin: number): number {
  const most = Math.max(bytesMin, LOG_PER_BASE * base);
  const least = Math.max(LOG_BYTES_FLOOR, base / BASE_PER_LOG_MAX);
  return Math.min(most, Math.max(least, (room - 2 * base) / 4));
}

/** How much is free on the disk of a directory: asked for now and then, and known as of a moment ago. */
export class FreeSpace {
  readonly #disk: Disk;
  readonly #directory: string;
  /** Monotonic. */
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

  /** Asks, unless that was done lately. @param isUrgent much has been written since */
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
        // A disk that does not tell is as good as the last that it told.
        () => {},
      )
      .finally(() => {
        this.#isAsking = false;
      });
  }
}

/** Where little is written others may fill the disk, in milliseconds. */
const ASKED_EVERY_MS = 1_000;
