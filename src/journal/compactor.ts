import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { MonotonicMs } from '../base/number-kinds.ts';
import { Compaction, type CompactionPorts, type MovedEntries } from './compaction.ts';
import { allowanceOf, FreeSpace } from './log-allowance.ts';
import type { LogPosition } from './log-entry.ts';
import type { Timers } from './timers.ts';

export interface CompactorPorts extends Pick<CompactionPorts, 'files' | 'writer' | 'state' | 'directoryId'> {
  readonly timers: Timers;
  readonly clock: Clock;
  /** Where there is enough free space, a smaller log is not compacted, in bytes: see `allowanceOf`. */
  readonly compactBytesMin: number;
  /** Appends copies of entries whose files are about to be removed, and resolves when the copies are on disk. */
  readonly saveReverted: (positions: readonly LogPosition[]) => Promise<void>;
  readonly log: Log;
}

/** The files of the log: the number of the oldest one, and the sizes of the base and of the log behind it, in bytes. */
export interface LogSizes {
  oldest: number;
  baseBytes: number;
  logBytes: number;
}

/**
 * Compacts the log when it has grown.
 *
 *     idle        → compacting   the log is larger than it may be
 *     compacting  → idle         the compaction has ended, or failed
 *     either      → closed       the journal is closed
 */
export class Compactor {
  readonly #ports: CompactorPorts;
  readonly #sizes: LogSizes;
  #compaction: Compaction | null = null;
  /** Entries that are the newest of their keys again, in files that are about to be removed. */
  #toSave: LogPosition[] = [];
  /** Where the last compaction has put entries that were not the newest of their keys any more. */
  #moved: MovedEntries | null = null;
  /** Cancels the timer that forgets `#moved`. */
  #cancelForgetting: (() => void) | null = null;
  /** Settles when the last compaction has ended. */
  #running: Promise<unknown> = Promise.resolve();
  #phase: 'idle' | 'compacting' | 'closed' = 'idle';
  /** After a failure the next compaction waits until then. */
  #notBeforeMs: MonotonicMs = 0;
  readonly #free: FreeSpace;
  /** The value of `logBytes` when the free space was last known. */
  #lookedAtBytes = 0;
  readonly #onFree = (): void => {
    this.#lookedAtBytes = this.#sizes.logBytes;
    this.#startIfDue();
  };

  constructor(ports: CompactorPorts, sizes: LogSizes) {
    this.#ports = ports;
    this.#sizes = sizes;
    this.#free = new FreeSpace(ports.files.disk, ports.files.directory, ports.clock);
  }

  get sizes(): Readonly<LogSizes> {
    return this.#sizes;
  }

  /** @param bytes by how much the part of the log that is on disk has grown */
  onFlushed(bytes: number): void {
    this.#sizes.logBytes += bytes;
    const grown = this.#sizes.logBytes - this.#lookedAtBytes;
    this.#free.refresh(grown > this.#allowance / LOOKS_PER_ALLOWANCE, this.#onFree);
    this.#startIfDue();
  }

  /**
   * The write in the entry at this position is the newest of its key again.
   *
   * @returns the position of the entry now; null when its file is gone, or about to be
   */
  positionOfReverted({ file, at }: LogPosition): LogPosition | null {
    const { oldest } = this.#sizes;
    const position = { file, at };
    if (file < oldest) return this.#moved?.of(position) ?? null;
    if (this.#compaction?.mayRevertTo(position) ?? true) return position;
    this.#toSave.push(position);
    return null;
  }

  /** Begins no more compactions, and resolves when none runs. */
  async close(): Promise<void> {
    this.#phase = 'closed';
    await this.#running;
    this.#cancelForgetting?.();
  }

  #isDue(): boolean {
    if (this.#phase !== 'idle' || this.#ports.clock.nowMs() < this.#notBeforeMs) return false;
    return this.#sizes.logBytes > this.#allowance;
  }

  get #allowance(): number {
    const { baseBytes, logBytes } = this.#sizes;
    return allowanceOf(baseBytes, this.#free.bytes + baseBytes + logBytes, this.#ports.compactBytesMin);
  }

  #startIfDue(): void {
    if (!this.#isDue()) return;
    this.#phase = 'compacting';
    this.#running = Promise.resolve()
      .then(() => this.#compact())
      .catch((error: Error) => {
        if (this.#phase === 'closed') return;
        this.#notBeforeMs = this.#ports.clock.nowMs() + AGAIN_MS;
        this.#ports.log.warn('the journal could not be compacted', { reason: error.message });
      })
      .finally(() => {
        this.#compaction = null;
        if (this.#phase === 'compacting') this.#phase = 'idle';
      });
  }

  async #compact(): Promise<void> {
    const { files, writer, state, directoryId, log, clock, timers, saveReverted } = this.#ports;
    const startedMs = clock.nowMs();
    const before = this.#sizes.logBytes;
    const { oldest } = this.#sizes;
    const pause = () => this.#pause();
    this.#compaction = new Compaction({ files, writer, state, directoryId, oldest, pause });
    const base = await this.#compaction.run();
    if (base === null) return;
    this.#moved = this.#compaction.moved;
    this.#cancelForgetting?.();
    this.#cancelForgetting = timers.after(REVERTED_WITHIN_MS, () => {
      this.#moved = null;
    });
    this.#compaction = null;
    this.#sizes.oldest = base.number;
    const positions = this.#toSave;
    this.#toSave = [];
    if (positions.length > 0) await saveReverted(positions);
    for (const number of await files.list()) if (number < base.number) await files.remove(number);
    this.#sizes.logBytes -= before;
    this.#lookedAtBytes = this.#sizes.logBytes;
    const freed = this.#sizes.baseBytes + before - base.bytes;
    this.#sizes.baseBytes = base.bytes;
    log.info('the journal is compacted', {
      bytes: base.bytes,
      freed,
      ms: Math.round(clock.nowMs() - startedMs),
    });
  }

  async #pause(): Promise<void> {
    if (this.#phase === 'closed') throw new Error('the journal is being closed');
    const { timers } = this.#ports;
    const isLate = this.#sizes.logBytes > this.#allowance * LATE_FROM;
    await new Promise<void>((resolve) => (isLate ? timers.soon(resolve) : timers.after(PAUSE_MS, resolve)));
  }
}

/** How often the free space is looked at while the log grows as far as it may. */
const LOOKS_PER_ALLOWANCE = 16;

/** The time from a compaction that failed to the next, in milliseconds. */
const AGAIN_MS = 30_000;

/** For this long after a compaction a write may be taken back, in milliseconds: a store refuses a write far sooner. */
const REVERTED_WITHIN_MS = 60_000;

/** A compaction stops pausing when the log is this many times as large as it may be: writes would overtake it. */
const LATE_FROM = 1.5;

/** The pause between two steps of a compaction, in milliseconds. */
const PAUSE_MS = 1;
