import { join } from 'node:path';
import { isOfKey, type KeyEffect, withoutValue } from '../ordering/effect.ts';
import { BaseWriter } from './base-writer.ts';
import { CollapsedChains } from './collapsed-chains.ts';
import { DamageError } from './journal-error.ts';
import type { LogEntry, LogPosition } from './log-entry.ts';
import { type LogFiles, nameOfFile, PARTIAL_NAME } from './log-files.ts';
import { scanLog } from './log-scan.ts';
import type { LogState } from './log-state.ts';
import type { LogWriter } from './log-writer.ts';
import type { StagedRequest } from './staged-requests.ts';

export interface CompactionPorts {
  readonly files: LogFiles;
  readonly writer: LogWriter;
  readonly state: LogState;
  readonly directoryId: number;
  /** The oldest file of the log. */
  readonly oldest: number;
  /** Waits between two steps, so that other work is done. */
  readonly pause: () => Promise<void>;
}

/**
 * Writes a base that replaces the files of the log. Writes go on meanwhile, into a new file behind the base.
 *
 *  1. The log before the new file amounts to: the flushes, the watermarks, the forgotten deletions and the staged
 *     requests as they were when the compaction began, and the newest write of each key. Where that is a difference,
 *     its whole value as far as the files before the new one have it: see `CollapsedChains`.
 *  2. The base has all of these, except for writes that were superseded before the base came to them. The new file
 *     has the writes that superseded them.
 *  3. So the base may take effect only once the new file is on disk as far as it was when the base was finished.
 *  4. The old files may be removed once no record refers to them.
 */
export class Compaction {
  readonly #ports: CompactionPorts;
  /** The keys whose entries have a copy in the base, with the old places and the new ones. */
  readonly #keys: string[] = [];
  readonly #fromFile: number[] = [];
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #moved = new MovedEntries();
  readonly #chains: CollapsedChains;
  readonly #nextBatch: number;
  readonly #base: number;
  readonly #head: readonly LogEntry[];
  /** `obsolete`: the base lacks a write that is the newest of its key again. `committed`: the base takes effect. */
  #phase: 'writing' | 'obsolete' | 'committed' = 'writing';

  constructor(ports: CompactionPorts) {
    this.#ports = ports;
    const { state, writer } = ports;
    const { file, firstBatch } = writer.rotate();
    this.#nextBatch = firstBatch;
    this.#base = file - 1;
    this.#chains = new CollapsedChains(ports, this.#base);
    this.#head = [
      ...state.index.flushes().map((effect) => ({ type: 'write', effect }) as const),
      { type: 'watermarks', newestTime: state.newestTime, ...state.watermarks },
      { type: 'forgotten', times: state.index.forgotten.times() },
      ...[...state.index.attached.values()].map((attached) => ({ type: 'attached', ...attached }) as const),
      ...(state.incomplete.length > 0 ? [{ type: 'incomplete', needs: state.incomplete } as const] : []),
    ];
  }

  /** The new positions of entries that were not the newest of their keys any more when the records were moved. */
  get moved(): MovedEntries {
    return this.#moved;
  }

  /**
   * An older write becomes the newest of its key again. The base may not have it.
   *
   * @returns false when the entry of the write is about to be removed, and has to be saved before
   */
  mayRevertTo({ file }: LogPosition): boolean {
    if (file > this.#base) return true;
    if (this.#phase === 'committed') return false;
    this.#phase = 'obsolete';
    return true;
  }

  /**
   * @returns the number and size of the base, while the old files still exist; null when the base is obsolete, and
   * another
   *   one has to be made
   * @throws the disk's error, or a DamageError; the log is unchanged then
   */
  async run(): Promise<{ readonly number: number; readonly bytes: number } | null> {
    const { files, writer } = this.#ports;
    const partial = join(files.directory, PARTIAL_NAME);
    const staged = this.#ports.state.staged.all().filter(({ file }) => file < this.#base);
    await files.disk.remove(partial);
    const file = await files.disk.open(partial, 'create');
    try {
      await flushed(writer);
      const base = new BaseWriter(file, this.#ports.directoryId, this.#base);
      for (const entry of this.#head) base.add(entry);
      // mutant: compaction-loses-queued
      const copies = staged.map(({ effect }) => base.add({ type: 'stage', effect }));
      for (const number of await this.#oldFiles()) await this.#copyLive(number, base);
      // mutant: compaction-forgets-base
      await this.#chains.write(base);
      await base.finish(this.#nextBatch);
      await flushed(writer);
      if (this.#phase === 'obsolete') return null;
      this.#phase = 'committed';
      await files.disk.rename(partial, files.pathOf(this.#base));
      // mutant: base-name-unflushed
      await files.disk.syncDirectory(files.directory);
      await this.#moveRecords();
      this.#chains.move();
      staged.forEach((request, index) => {
        this.#moveStaged(request, copies[index]!);
      });
      return { number: this.#base, bytes: base.bytes };
    } finally {
      await file.close();
      await files.disk.remove(partial);
    }
  }

  /** The files that the base replaces. A base that is not the oldest file was never in use. */
  async #oldFiles(): Promise<number[]> {
    const { files, oldest } = this.#ports;
    const numbers = await files.list();
    return numbers.filter((number) => number === oldest || (number > oldest && number < this.#base));
  }

  async #copyLive(number: number, base: BaseWriter): Promise<void> {
    const { files, directoryId, state, pause } = this.#ports;
    const { broken, end } = await scanLog({
      file: await files.get(number),
      directoryId,
      number,
      firstBatch: null,
      chunkBytes: CHUNK_BYTES,
      onEntry: (entry, at, bytes) => {
        const effect = writeOf(entry);
        if (effect === null || !state.index.isAt(effect.key, { file: number, at })) return;
        if (effect.kind === 'join' && state.index.chains.get(effect.key) !== undefined) return;
        this.#keys.push(effect.key);
        this.#fromFile.push(number);
        this.#from.push(at);
        this.#to.push(copyInto(base, entry, effect, bytes).at);
      },
      onChunk: async () => {
        await base.write();
        await pause();
      },
    });
    if (broken) throw new DamageError(`${nameOfFile(number)} is damaged after ${end} bytes`);
  }

  /** A write that was superseded meanwhile may still become the newest of its key again, so its position is kept. */
  async #moveRecords(): Promise<void> {
    const { index } = this.#ports.state;
    for (let i = 0; i < this.#keys.length; i++) {
      const from = { file: this.#fromFile[i]!, at: this.#from[i]! };
      const to = { file: this.#base, at: this.#to[i]! };
      if (!index.relocate(this.#keys[i]!, from, to)) this.#moved.add(from, to);
      if (i % MOVES_PER_STEP === MOVES_PER_STEP - 1) await this.#ports.pause();
    }
  }

  /** The request may have become a completed write meanwhile. */
  #moveStaged({ effect, file, at }: StagedRequest, to: LogPosition): void {
    const { staged, index } = this.#ports.state;
    staged.move(effect.version, to);
    if (isOfKey(effect)) index.relocate(effect.key, { file, at }, to);
  }
}

/** A difference that was not made of the write before it here has no value, and is copied as such. */
function copyInto(base: BaseWriter, entry: LogEntry, effect: KeyEffect, bytes: Buffer): LogPosition {
  if (effect.kind === 'join') return base.add({ type: 'write', effect: withoutValue(effect) });
  return entry.type === 'write' ? base.copy(bytes) : base.add({ type: 'write', effect });
}

/** The new positions of entries, by their old ones. */
export class MovedEntries {
  readonly #files = new Map<number, Map<number, LogPosition>>();

  add({ file, at }: LogPosition, to: LogPosition): void {
    let places = this.#files.get(file);
    if (places === undefined) {
      places = new Map();
      this.#files.set(file, places);
    }
    places.set(at, to);
  }

  of({ file, at }: LogPosition): LogPosition | null {
    return this.#files.get(file)?.get(at) ?? null;
  }
}

/** The write of a key in an entry; null when the entry has none. */
export function writeOf(entry: LogEntry): KeyEffect | null {
  if (entry.type === 'write' || entry.type === 'stage' || entry.type === 'value')
    return isOfKey(entry.effect) ? entry.effect : null;
  return entry.type === 'revert' && entry.to !== null ? entry.to.effect : null;
}

function flushed(writer: LogWriter): Promise<void> {
  return new Promise((resolve, reject) => {
    writer.whenFlushed((error) => (error === null ? resolve() : reject(new Error(error))));
  });
}

/** How much of a file is read in one step, in bytes, and how many records are moved in one. */
const CHUNK_BYTES = 131_072;
const MOVES_PER_STEP = 4096;
