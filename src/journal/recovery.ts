import { DamageError } from './journal-error.ts';
import type { LogEntry, LogPosition } from './log-entry.ts';
import { FIRST_LOG, isBase, type LogFiles, nameOfFile } from './log-files.ts';
import { type ScanPorts, scanLog, wasWholeOnce } from './log-scan.ts';
import { LogState } from './log-state.ts';

export interface Recovered {
  readonly state: LogState;
  /** Where the next batch is written. */
  readonly end: LogPosition;
  /** The number of the next batch. */
  readonly nextBatch: number;
  /** The oldest file of the log. */
  readonly oldest: number;
  readonly baseBytes: number;
  readonly logBytes: number;
  readonly entries: number;
  /** Bytes of a torn batch, which have been cut off. */
  readonly tornBytes: number;
}

/**
 * Reads the log, beginning with its newest base. The end of the last file may be torn, behind the last byte that
 * was known to be on disk. Any other difference from what was written is damage.
 *
 * @param flushedTo the position up to which the log was known to be on disk
 * @throws DamageError
 */
export async function recoverLog(
  files: LogFiles,
  directoryId: number,
  flushedTo: LogPosition,
): Promise<Recovered> {
  const found = await files.list();
  const { base, logs } = partsOf(found, flushedTo);
  const replay = new LogReplay(files, directoryId);
  const baseBytes = base === null ? 0 : await replay.base(base);
  let logBytes = 0;
  let torn: TornEnd = { end: 0, bytes: 0 };
  for (const number of logs) {
    const last = number === logs.at(-1);
    torn = await replay.log(number, last, flushedTo);
    logBytes += torn.end;
  }
  const last = logs.at(-1);
  const next = base === null ? FIRST_LOG : base + 1;
  const end = last === undefined ? { file: next, at: 0 } : nextPlace(last, torn.end);
  const oldest = base ?? FIRST_LOG;
  const superseded = found.filter((number) => number < oldest);
  // The rename of the base may not be on disk yet, and the files that it replaces must not be removed before that.
  if (superseded.length > 0) await files.disk.syncDirectory(files.directory);
  for (const number of superseded) await files.remove(number);
  const { state, entries, nextBatch } = replay;
  return { state, end, nextBatch, oldest, baseBytes, logBytes, entries, tornBytes: torn.bytes };
}

/** After a restart no file is appended to that is not empty. */
function nextPlace(last: number, end: number): LogPosition {
  return end === 0 ? { file: last, at: 0 } : { file: last + 2, at: 0 };
}

/** The files that the log consists of. @throws DamageError when one is missing */
export function partsOf(
  found: readonly number[],
  flushedTo: LogPosition,
): { base: number | null; logs: number[] } {
  const base = found.filter(isBase).at(-1) ?? null;
  const logs = found.filter((number) => !isBase(number) && number > (base ?? 0));
  const first = base === null ? FIRST_LOG : base + 1;
  logs.forEach((number, index) => {
    if (number !== first + 2 * index) throw new DamageError(`${nameOfFile(first + 2 * index)} is missing`);
  });
  const newest = logs.at(-1) ?? base ?? 0;
  if (flushedTo.file > newest) throw new DamageError(`${nameOfFile(flushedTo.file)} is missing`);
  return { base, logs };
}

/** Where the whole batches of a file end, and how many bytes of a torn one were behind them. */
interface TornEnd {
  readonly end: number;
  readonly bytes: number;
}

/** Does everything again that the entries of a log tell of. */
class LogReplay {
  readonly state = new LogState();
  entries = 0;
  nextBatch = 1;
  readonly #files: LogFiles;
  readonly #directoryId: number;

  constructor(files: LogFiles, directoryId: number) {
    this.#files = files;
    this.#directoryId = directoryId;
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

  async log(number: number, last: boolean, flushedTo: LogPosition): Promise<TornEnd> {
    const ports = await this.#ports(number);
    const { end, broken, nextBatch } = await scanLog(ports);
    this.nextBatch = nextBatch!;
    const size = await ports.file.size();
    const knownFlushed = flushedTo.file === number ? flushedTo.at : 0;
    if (!broken && end >= knownFlushed) {
      // A process that was killed may not have flushed the end of the file. From now on all of it counts as durable.
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
      directoryId: this.#directoryId,
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
