import { DamageError } from './journal-error.ts';
import type { LogEntry, Place } from './log-entry.ts';
import { FIRST_LOG, isBase, type LogFiles, nameOfFile } from './log-files.ts';
import { type ScanPorts, scanLog, wasWholeOnce } from './log-scan.ts';
import { LogState } from './log-state.ts';

export interface Recovered {
  readonly state: LogState;
  /** Where the log goes on. */
  readonly end: Place;
  /** The number of the batch that comes next. */
  readonly nextBatch: number;
  /** The oldest file that is part of the log. */
  readonly oldest: number;
  readonly baseBytes: number;
  readonly logBytes: number;
  readonly entries: number;
  /** What a crash had left of a batch that was never confirmed, in bytes; it has been cut off. */
  readonly tornBytes: number;
}

/**
 * Reads the log from its newest base on. The end of the last file may be torn, where nothing was known to be on
 * disk; anything else that is not as it was written is damage.
 *
 * @param mark the log was on disk up to there
 * @throws DamageError
 */
export async function recoverLog(
  files: LogFiles,
  store: number,
  mark: Place,
  nodes: number,
): Promise<Recovered> {
  const found = await files.list();
  const { base, logs } = partsOf(found, mark);
  const reading = new Reading(files, store, nodes);
  const baseBytes = base === null ? 0 : await reading.base(base);
  let logBytes = 0;
  let torn: Torn = { end: 0, bytes: 0 };
  for (const number of logs) {
    const last = number === logs.at(-1);
    torn = await reading.log(number, last, mark);
    logBytes += torn.end;
  }
  const last = logs.at(-1);
  const next = base === null ? FIRST_LOG : base + 1;
  const end = last === undefined ? { file: next, at: 0 } : nextPlace(last, torn.end);
  const oldest = base ?? FIRST_LOG;
  const superseded = found.filter((number) => number < oldest);
  // A base that is there may not be on disk under its name yet.
  if (superseded.length > 0) await files.disk.syncDirectory(files.directory);
  for (const number of superseded) await files.remove(number);
  const { state, entries, nextBatch } = reading;
  return { state, end, nextBatch, oldest, baseBytes, logBytes, entries, tornBytes: torn.bytes };
}

/** A file that has something in it is never written to again after a restart. */
function nextPlace(last: number, end: number): Place {
  return end === 0 ? { file: last, at: 0 } : { file: last + 2, at: 0 };
}

/** What of the files is the log. @throws DamageError when one is missing */
export function partsOf(found: readonly number[], mark: Place): { base: number | null; logs: number[] } {
  const base = found.filter(isBase).at(-1) ?? null;
  const logs = found.filter((number) => !isBase(number) && number > (base ?? 0));
  const first = base === null ? FIRST_LOG : base + 1;
  logs.forEach((number, index) => {
    if (number !== first + 2 * index) throw new DamageError(`${nameOfFile(first + 2 * index)} is missing`);
  });
  const newest = logs.at(-1) ?? base ?? 0;
  if (mark.file > newest) throw new DamageError(`${nameOfFile(mark.file)} is missing`);
  return { base, logs };
}

interface Torn {
  readonly end: number;
  readonly bytes: number;
}

class Reading {
  readonly state: LogState;
  entries = 0;
  nextBatch = 1;
  readonly #files: LogFiles;
  readonly #store: number;

  constructor(files: LogFiles, store: number, nodes: number) {
    this.#files = files;
    this.#store = store;
    this.state = new LogState(nodes);
  }

  async base(number: number): Promise<number> {
    const before = this.entries;
    let said: number | null = null;
    let nextBatch = 0;
    const ports = await this.#ports(number, (entry) => {
      said = entry.type === 'end' ? entry.entries : null;
      if (entry.type === 'end') nextBatch = entry.nextBatch;
    });
    const { end, broken } = await scanLog(ports);
    if (broken || said !== this.entries - before - 1)
      throw new DamageError(`${nameOfFile(number)} is not whole`);
    this.nextBatch = nextBatch;
    return end;
  }

  async log(number: number, last: boolean, mark: Place): Promise<Torn> {
    const ports = await this.#ports(number);
    const { end, broken, nextBatch } = await scanLog(ports);
    this.nextBatch = nextBatch!;
    const size = await ports.file.size();
    const knownFlushed = mark.file === number ? mark.at : 0;
    if (!broken && end >= knownFlushed) {
      // A process that was killed may have left there what it had not flushed: from here on it counts as kept.
      // mutant: recovered-unflushed
      if (last) await ports.file.sync();
      return { end, bytes: 0 };
    }
    const wasWhole = !last || !broken || end < knownFlushed || (await wasWholeOnce(ports, end));
    if (wasWhole) throw new DamageError(`${nameOfFile(number)} is damaged after ${end} bytes`);
    await ports.file.truncate(end);
    await ports.file.sync();
    return { end, bytes: size - end };
  }

  async #ports(number: number, onEntry?: (entry: LogEntry) => void): Promise<ScanPorts> {
    const file = await this.#files.get(number);
    return {
      file,
      store: this.#store,
      number,
      firstBatch: this.nextBatch,
      chunkBytes: CHUNK_BYTES,
      onEntry: (entry, at) => {
        this.entries++;
        this.state.replay(entry, { file: number, at });
        onEntry?.(entry);
      },
    };
  }
}

/** How much of a file is read at once, in bytes. */
const CHUNK_BYTES = 4_194_304;
