import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { Compaction, type CompactionPorts, type Moves } from './compaction.ts';
import { allowanceOf, FreeSpace } from './log-allowance.ts';
import type { Place } from './log-entry.ts';
import type { Timers } from './timers.ts';

export interface CompactorPorts extends Pick<CompactionPorts, 'files' | 'writer' | 'state' | 'store'> {
  readonly timers: Timers;
  readonly clock: Clock;
  /** Where there is room, the log behind the base grows to this before it is compacted, in bytes: see `allowanceOf`. */
  readonly compactBytesMin: number;
  /** Writes entries anew whose files are about to be removed, and resolves when they are on disk. */
  readonly saveReverted: (places: readonly Place[]) => Promise<void>;
  readonly log: Log;
}

/** The log's files: the oldest that is part of it, and how much is in the base and behind it, in bytes. */
export interface LogSizes {
  oldest: number;
  baseBytes: number;
  logBytes: number;
}

/** Has a log compacted when it has grown. */
export class Compactor {
  readonly #ports: CompactorPorts;
  readonly #sizes: LogSizes;
  #compaction: Compaction | null = null;
  /** Entries that were reverted to, in files that are about to be removed. */
  #toSave: Place[] = [];
  /** Where a compaction has just put entries that were no key's newest any more. */
  #moved: Moves | null = null;
  /** Keeps `#moved` from being forgotten. */
  #stopForgetting: (() => void) | null = null;
  /** Settles when the last compaction has ended. */
  #running: Promise<unknown> = Promise.resolve();
  #isIdle = true;
  #notBeforeMs = 0;
  #closed = false;
  readonly #free: FreeSpace;
  /** Of `logBytes`, when the free space was last known. */
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

  /** @param bytes more of the log are on disk */
  onFlushed(bytes: number): void {
    this.#sizes.logBytes += bytes;
    const grown = this.#sizes.logBytes - this.#lookedAtBytes;
    this.#free.refresh(grown > this.#allowance / LOOKS_PER_ALLOWANCE, this.#onFree);
    this.#startIfDue();
  }

  /**
   * The entry at this place is that of the newest write of a key again.
   *
   * @returns where it is now; null when its file is gone, or about to be
   */
  placeOfReverted({ file, at }: Place): Place | null {
    const { oldest } = this.#sizes;
    const place = { file, at };
    if (file < oldest) return this.#moved?.of(place) ?? null;
    if (this.#compaction?.keepsReverted(place) ?? true) return place;
    this.#toSave.push(place);
    return null;
  }

  /** Begins nothing more, and resolves when nothing runs. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    this.#stopForgetting?.();
  }

  #isDue(): boolean {
    if (!this.#isIdle || this.#closed || this.#ports.clock.nowMs() < this.#notBeforeMs) return false;
    return this.#sizes.logBytes > this.#allowance;
  }

  get #allowance(): number {
    const { baseBytes, logBytes } = this.#sizes;
    return allowanceOf(baseBytes, this.#free.bytes + baseBytes + logBytes, this.#ports.compactBytesMin);
  }

  #startIfDue(): void {
    if (!this.#isDue()) return;
    this.#isIdle = false;
    this.#running = Promise.resolve()
      .then(() => this.#compact())
      .catch((error: Error) => {
        if (this.#closed) return;
        this.#notBeforeMs = this.#ports.clock.nowMs() + AGAIN_MS;
        this.#ports.log.warn('the journal could not be compacted', { reason: error.message });
      })
      .finally(() => {
        this.#compaction = null;
        this.#isIdle = true;
      });
  }

  async #compact(): Promise<void> {
    const { files, log, clock, saveReverted } = this.#ports;
    const startedMs = clock.nowMs();
    const before = this.#sizes.logBytes;
    const { oldest } = this.#sizes;
    this.#compaction = new Compaction({ ...this.#ports, oldest, pause: () => this.#pause() });
    const base = await this.#compaction.run();
    if (base === null) return;
    this.#moved = this.#compaction.moved;
    this.#stopForgetting?.();
    this.#stopForgetting = this.#ports.timers.after(REVERTED_WITHIN_MS, () => {
      this.#moved = null;
    });
    this.#compaction = null;
    this.#sizes.oldest = base.number;
    const places = this.#toSave;
    this.#toSave = [];
    if (places.length > 0) await saveReverted(places);
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
    if (this.#closed) throw new Error('the journal is being closed');
    const { timers } = this.#ports;
    const isHasty = this.#sizes.logBytes > this.#allowance * HASTY_FROM;
    await new Promise<void>((resolve) => (isHasty ? timers.soon(resolve) : timers.after(PAUSE_MS, resolve)));
  }
}

/** The free space is asked for so many times while the log grows as far as it may. */
const LOOKS_PER_ALLOWANCE = 16;

/** After a compaction that failed, in milliseconds. */
const AGAIN_MS = 30_000;

/** A write that a store has refused by then is not taken back any more, in milliseconds: it answers far sooner. */
const REVERTED_WITHIN_MS = 60_000;

/** A compaction makes haste when the log has grown to so many times what it may: the writes are about to overtake it. */
const HASTY_FROM = 1.5;

/** Between two steps of a compaction that makes no haste, in milliseconds. */
const PAUSE_MS = 1;
