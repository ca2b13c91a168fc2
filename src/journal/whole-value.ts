import type { JoinEffect, SetEffect } from '../ordering/effect.ts';
import { sameVersion } from '../ordering/version.ts';
import type { DiskFile } from './disk.ts';
import { DamageError } from './journal-error.ts';
import { ENTRY_BYTES_MIN, entryLength, type LogEntry, type LogPosition, readEntry } from './log-entry.ts';
import type { LogFiles } from './log-files.ts';

type ValuedSet = SetEffect & { readonly value: Buffer };

/**
 * Reads a write whose value is in the log as a whole value and differences, and puts its value together.
 *
 * @param whole the entry with the whole value @param parts the entries of the differences, in order
 * @returns null when the first entry has no value
 * @throws DamageError when an entry is not what it has to be; the system's error when a file can't be read
 */
export async function readWhole(
  files: LogFiles,
  whole: LogPosition,
  parts: readonly LogPosition[],
): Promise<ValuedSet | null> {
  const reader = new EntryReader(files);
  const base = valuedSet(await reader.read(whole));
  if (base === null || parts.length === 0) return base;
  const joins: JoinEffect[] = [];
  for (const part of parts) {
    const entry = await reader.read(part);
    if (!('effect' in entry) || entry.effect.kind !== 'join')
      throw new DamageError('an entry holds no difference where one is due');
    joins.push(entry.effect);
  }
  return joined(base, joins);
}

/** @throws DamageError when one of the differences was made of another version */
function joined(base: ValuedSet, joins: readonly JoinEffect[]): ValuedSet {
  let { version } = base;
  const front: Buffer[] = [];
  const back: Buffer[] = [];
  for (const join of joins) {
    if (!sameVersion(join.condition, version) || join.key !== base.key)
      throw new DamageError('a difference was made of another version than the one before it');
    version = join.version;
    (join.side === 'end' ? back : front).push(join.part);
  }
  const value = Buffer.concat([...front.reverse(), base.value, ...back]);
  const last = joins.at(-1);
  if (last !== undefined && value.length !== last.valueBytes)
    throw new DamageError(`the differences of a value come to ${value.length} bytes, not ${last.valueBytes}`);
  return { ...base, version, condition: null, token: null, marks: 0, value };
}

/** The set in an entry; null when the entry has none, or none with a value. */
function valuedSet(entry: LogEntry): ValuedSet | null {
  if (!('effect' in entry) || entry.effect.kind !== 'set') return null;
  const { value } = entry.effect;
  return value === null ? null : { ...entry.effect, value };
}

/** Reads entries that often follow each other closely, many with one read of the file. */
class EntryReader {
  readonly #files: LogFiles;
  #bytes: Buffer = Buffer.alloc(0);
  #file = 0;
  #start = 0;

  constructor(files: LogFiles) {
    this.#files = files;
  }

  async read({ file, at }: LogPosition): Promise<LogEntry> {
    const head = await this.#bytesAt(file, at, ENTRY_BYTES_MIN);
    return readEntry(await this.#bytesAt(file, at, entryLength(head, 0)));
  }

  async #bytesAt(number: number, at: number, length: number): Promise<Buffer> {
    const from = at - this.#start;
    if (number !== this.#file || from < 0 || from + length > this.#bytes.length) {
      const file: DiskFile = await this.#files.get(number);
      const left = (await file.size()) - at;
      if (left < length) throw new DamageError('an entry is not whole');
      this.#bytes = await file.read(at, Math.min(left, Math.max(length, WINDOW_BYTES)));
      this.#file = number;
      this.#start = at;
      return this.#bytes.subarray(0, length);
    }
    return this.#bytes.subarray(from, from + length);
  }
}

/** How much is read at once, in bytes. */
const WINDOW_BYTES = 65_536;
