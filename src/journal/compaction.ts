import { join } from 'node:path';
import { isOfKey, type KeyEffect } from '../ordering/effect.ts';
import { BaseWriter } from './base-writer.ts';
import type { HeldRequest } from './held-requests.ts';
import { DamageError } from './journal-error.ts';
import type { LogEntry, Place } from './log-entry.ts';
import { type LogFiles, nameOfFile, PARTIAL_NAME } from './log-files.ts';
import { scanLog } from './log-scan.ts';
import type { LogState } from './log-state.ts';
import type { LogWriter } from './log-writer.ts';

export interface CompactionPorts {
  readonly files: LogFiles;
  readonly writer: LogWriter;
  readonly state: LogState;
  readonly store: number;
  /** The oldest file of the log. */
  readonly oldest: number;
  /** Lets other work in between two steps. */
  readonly pause: () => Promise<void>;
}

/**
 * Writes a base with all that the files of the log come to, in place of them. Writes go on meanwhile, to a new
 * file behind the base.
 *
 *  1. What is told of the time before the new file is complete in the base: the flushes, marks, held
 *     requests and what is forgotten as they were when it began; and of the writes those that are still the newest of their key when
 *     the base gets to them. The others are in the new file.
 *  2. So the base takes effect only when the new file is on disk up to where it was when the base was written.
 *  3. The old files are to be removed when nothing refers to them.
 */
export class Compaction {
  readonly #ports: CompactionPorts;
  /** The keys whose entries have a copy in the base, with the old places and the new ones. */
  readonly #keys: string[] = [];
  readonly #fromFile: number[] = [];
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #moved = new Moves();
  readonly #nextBatch: number;
  readonly #base: number;
  readonly #head: readonly LogEntry[];
  #spoilt = false;
  #decided = false;

  constructor(ports: CompactionPorts) {
    this.#ports = ports;
    const { state, writer } = ports;
    const { file, firstBatch } = writer.rotate();
    this.#nextBatch = firstBatch;
    this.#base = file - 1;
    this.#head = [
      ...state.index.flushes().map((effect) => ({ type: 'write', effect }) as const),
      { type: 'marks', newestTime: state.newestTime, ...state.marks },
      { type: 'forgotten', times: state.index.forgotten.times() },
    ];
  }

  /** Where entries are now that were no key's newest any more when the records were moved. */
  get moved(): Moves {
    return this.#moved;
  }

  /**
   * An older write is the newest of its key again, which the base may have passed over.
   *
   * @returns false when its entry is about to be removed, and has to be saved before
   */
  keepsReverted(place: Place): boolean {
    if (place.file > this.#base) return true;
    if (!this.#decided) this.#spoilt = true;
    return !this.#decided;
  }

  /**
   * @returns the base's number and size; null when it was spoilt, and has to be made anew. The old files are still there
   * @throws the disk's error, or a DamageError; nothing has changed then
   */
  async run(): Promise<{ readonly number: number; readonly bytes: number } | null> {
    const { files, writer } = this.#ports;
    const partial = join(files.directory, PARTIAL_NAME);
    const held = this.#ports.state.held.all().filter(({ file }) => file < this.#base);
    await files.disk.remove(partial);
    const file = await files.disk.open(partial, 'create');
    try {
      await flushed(writer);
      const base = new BaseWriter(file, this.#ports.store, this.#base);
      for (const entry of this.#head) base.add(entry);
      // mutant: compaction-loses-queued
      const copies = held.map(({ effect }) => base.add({ type: 'hold', effect }));
      for (const number of await this.#oldFiles()) await this.#copyLive(number, base);
      await base.finish(this.#nextBatch);
      await flushed(writer);
      if (this.#spoilt) return null;
      this.#decided = true;
      await files.disk.rename(partial, files.pathOf(this.#base));
      // mutant: base-name-unflushed
      await files.disk.syncDirectory(files.directory);
      await this.#moveRecords();
      held.forEach((request, index) => {
        this.#moveHeld(request, copies[index]!);
      });
      return { number: this.#base, bytes: base.bytes };
    } finally {
      await file.close();
      await files.disk.remove(partial);
    }
  }

  /** A base that is not the oldest was never taken into use. */
  async #oldFiles(): Promise<number[]> {
    const { files, oldest } = this.#ports;
    const numbers = await files.list();
    return numbers.filter((number) => number === oldest || (number > oldest && number < this.#base));
  }

  async #copyLive(number: number, base: BaseWriter): Promise<void> {
    const { files, store, state, pause } = this.#ports;
    const { broken, end } = await scanLog({
      file: await files.get(number),
      store,
      number,
      firstBatch: null,
      chunkBytes: CHUNK_BYTES,
      onEntry: (entry, at, bytes) => {
        const effect = writeOf(entry);
        if (effect === null || !state.index.isAt(effect.key, { file: number, at })) return;
        this.#keys.push(effect.key);
        this.#fromFile.push(number);
        this.#from.push(at);
        this.#to.push((entry.type === 'write' ? base.copy(bytes) : base.add({ type: 'write', effect })).at);
      },
      onChunk: async () => {
        await base.write();
        await pause();
      },
    });
    if (broken) throw new DamageError(`${nameOfFile(number)} is damaged after ${end} bytes`);
  }

  /** What has been superseded meanwhile has its entry behind the base, but its write may be reverted yet. */
  async #moveRecords(): Promise<void> {
    const { index } = this.#ports.state;
    for (let i = 0; i < this.#keys.length; i++) {
      const from = { file: this.#fromFile[i]!, at: this.#from[i]! };
      const to = { file: this.#base, at: this.#to[i]! };
      if (!index.relocate(this.#keys[i]!, from, to)) this.#moved.add(from, to);
      if (i % MOVES_PER_STEP === MOVES_PER_STEP - 1) await this.#ports.pause();
    }
  }

  /** It may have become a completed write meanwhile. */
  #moveHeld({ effect, file, at }: HeldRequest, to: Place): void {
    const { held, index } = this.#ports.state;
    held.move(effect.version, to);
    if (isOfKey(effect)) index.relocate(effect.key, { file, at }, to);
  }
}

/** Where entries were, and where they are now. */
export class Moves {
  readonly #files = new Map<number, Map<number, Place>>();

  add({ file, at }: Place, to: Place): void {
    let places = this.#files.get(file);
    if (places === undefined) {
      places = new Map();
      this.#files.set(file, places);
    }
    places.set(at, to);
  }

  of({ file, at }: Place): Place | null {
    return this.#files.get(file)?.get(at) ?? null;
  }
}

/** The completed write of a key that the entry holds, or that has been made of it. */
export function writeOf(entry: LogEntry): KeyEffect | null {
  if (entry.type === 'write' || entry.type === 'hold' || entry.type === 'value')
    return isOfKey(entry.effect) ? entry.effect : null;
  return entry.type === 'revert' && entry.to !== null ? entry.to.effect : null;
}

function flushed(writer: LogWriter): Promise<void> {
  return new Promise((resolve, reject) => {
    writer.whenFlushed((error) => (error === null ? resolve() : reject(new Error(error))));
  });
}

/** What is looked at in one step, in bytes; and records whose place is changed in one. */
const CHUNK_BYTES = 131_072;
const MOVES_PER_STEP = 4096;
