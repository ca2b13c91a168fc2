import type { ControllerId, VersionTime } from '../base/number-kinds.ts';
import type { Version } from '../ordering/version.ts';
import type { JournalRecord } from './journal.ts';
import type { Place } from './log-entry.ts';

/** A record as it was when it was asked for, and where its entry is on disk: file 0 in a journal that has none. */
export interface PlacedRecord extends JournalRecord, Place {
  /** The write came with its value, or that has come since. */
  readonly valued: boolean;
}

/** What a record consists of, beside its key. */
export type RecordFields = Omit<JournalRecord, 'key'> & Partial<Omit<PlacedRecord, keyof JournalRecord>>;

/** No record. */
export const NO_SLOT = -1;

/**
 * The records of a journal, each in a numbered slot: its numbers in a typed array, side by side, so that a key's next
 * write makes nothing new, and so that the garbage collector has nothing to go through, with millions of keys either.
 *
 * Slots are taken from chunks; a chunk that nothing is left in gives its memory back. What is known of a record beside
 * its numbers, its key and (rarely) its token, is kept apart.
 */
export class RecordTable {
  readonly #chunks: Chunk[] = [];
  /** Numbers of the chunks that have a free slot; the last of them is used first. */
  readonly #withRoom: number[] = [];
  readonly #tokens = new Map<number, bigint>();

  /** No record has a slot from here on. */
  get slots(): number {
    const last = this.#chunks.at(-1);
    return last === undefined ? 0 : (this.#chunks.length - 1) * SLOTS_PER_CHUNK + last.touched;
  }

  isUsed(slot: number): boolean {
    const { numbers } = this.#chunkOf(slot);
    return numbers !== NO_NUMBERS && (numbers[indexOf(slot) + BITS]! & USED) !== 0;
  }

  /** @returns its slot; it is in no list */
  add(key: string, fields: RecordFields): number {
    const number = this.#withRoom.at(-1) ?? this.#addChunk();
    const chunk = this.#chunks[number]!;
    if (chunk.numbers === NO_NUMBERS) furnish(chunk);
    const place = takePlace(chunk);
    if (chunk.used === SLOTS_PER_CHUNK) this.#withRoom.pop();
    chunk.keys[place] = key;
    const slot = number * SLOTS_PER_CHUNK + place;
    this.set(slot, fields);
    return slot;
  }

  /** Makes another record of the key's of it, in the same slot. */
  set(slot: number, fields: RecordFields): void {
    const { version, expiresAtMs, tombstone, token, marks, readAtSec } = fields;
    const { valued = false, file = 0, at = 0, valueBytes = UNKNOWN_BYTES } = fields;
    const { numbers } = this.#chunkOf(slot);
    const start = indexOf(slot);
    const hadToken = (numbers[start + BITS]! & HAS_TOKEN) !== 0;
    numbers[start + TIME] = version.time;
    numbers[start + EXPIRES] = expiresAtMs;
    numbers[start + FILE] = file;
    numbers[start + AT] = at;
    numbers[start + READ_AT] = readAtSec;
    const bits =
      USED |
      version.node |
      (marks << MARKS_SHIFT) |
      (tombstone ? TOMBSTONE : 0) |
      (valued ? VALUED : 0) |
      (token === null ? 0 : HAS_TOKEN);
    numbers[start + BITS] = bits + sizeField(valueBytes);
    if (token !== null) this.#tokens.set(slot, token);
    else if (hadToken) this.#tokens.delete(slot);
  }

  /** The slot is free for another record. */
  remove(slot: number): void {
    const number = slot >> CHUNK_BITS;
    const chunk = this.#chunks[number]!;
    const start = indexOf(slot);
    if ((chunk.numbers[start + BITS]! & HAS_TOKEN) !== 0) this.#tokens.delete(slot);
    if (chunk.used === SLOTS_PER_CHUNK) this.#withRoom.push(number);
    chunk.used--;
    if (chunk.used === 0) return vacate(chunk);
    chunk.keys[slot & PLACE_MASK] = '';
    chunk.numbers[start + BITS] = 0;
    chunk.numbers[start + OLDER] = chunk.free;
    chunk.free = slot & PLACE_MASK;
  }

  recordAt(slot: number): PlacedRecord {
    const { numbers, keys } = this.#chunkOf(slot);
    const start = indexOf(slot);
    const bits = numbers[start + BITS]!;
    return {
      key: keys[slot & PLACE_MASK]!,
      version: { time: numbers[start + TIME]!, node: bits & NODE_MASK },
      expiresAtMs: numbers[start + EXPIRES]!,
      tombstone: (bits & TOMBSTONE) !== 0,
      token: (bits & HAS_TOKEN) === 0 ? null : this.#tokens.get(slot)!,
      marks: (bits >> MARKS_SHIFT) & MARKS_MASK,
      readAtSec: numbers[start + READ_AT]!,
      valued: (bits & VALUED) !== 0,
      valueBytes: sizeIn(bits),
      file: numbers[start + FILE]!,
      at: numbers[start + AT]!,
    };
  }

  keyOf(slot: number): string {
    return this.#chunkOf(slot).keys[slot & PLACE_MASK]!;
  }

  timeOf(slot: number): VersionTime {
    return this.#chunkOf(slot).numbers[indexOf(slot) + TIME]!;
  }

  nodeOf(slot: number): ControllerId {
    return this.#chunkOf(slot).numbers[indexOf(slot) + BITS]! & NODE_MASK;
  }

  isTombstone(slot: number): boolean {
    return (this.#chunkOf(slot).numbers[indexOf(slot) + BITS]! & TOMBSTONE) !== 0;
  }

  isValued(slot: number): boolean {
    return (this.#chunkOf(slot).numbers[indexOf(slot) + BITS]! & VALUED) !== 0;
  }

  setValued(slot: number, valueBytes: number): void {
    const { numbers } = this.#chunkOf(slot);
    const at = indexOf(slot) + BITS;
    numbers[at] = ((numbers[at]! & BITS_MASK) | VALUED) + sizeField(valueBytes);
  }

  /** As `compareVersions`, of the record's version and this one. */
  compareVersion(slot: number, { time, node }: Version): number {
    const { numbers } = this.#chunkOf(slot);
    const start = indexOf(slot);
    return numbers[start + TIME]! - time || (numbers[start + BITS]! & NODE_MASK) - node;
  }

  isAt(slot: number, { file, at }: Place): boolean {
    const { numbers } = this.#chunkOf(slot);
    const start = indexOf(slot);
    return numbers[start + FILE] === file && numbers[start + AT] === at;
  }

  locate(slot: number, { file, at }: Place): void {
    const { numbers } = this.#chunkOf(slot);
    const start = indexOf(slot);
    numbers[start + FILE] = file;
    numbers[start + AT] = at;
  }

  setReadAtSec(slot: number, readAtSec: number): void {
    this.#chunkOf(slot).numbers[indexOf(slot) + READ_AT] = readAtSec;
  }

  /** Its neighbours in a list of records, `NO_SLOT` at its ends. */
  olderThan(slot: number): number {
    return this.#chunkOf(slot).numbers[indexOf(slot) + OLDER]!;
  }

  newerThan(slot: number): number {
    return this.#chunkOf(slot).numbers[indexOf(slot) + NEWER]!;
  }

  setOlder(slot: number, older: number): void {
    this.#chunkOf(slot).numbers[indexOf(slot) + OLDER] = older;
  }

  setNewer(slot: number, newer: number): void {
    this.#chunkOf(slot).numbers[indexOf(slot) + NEWER] = newer;
  }

  #chunkOf(slot: number): Chunk {
    return this.#chunks[slot >> CHUNK_BITS]!;
  }

  #addChunk(): number {
    const number =
      this.#chunks.push({ numbers: NO_NUMBERS, keys: [], used: 0, free: NO_SLOT, touched: 0 }) - 1;
    this.#withRoom.push(number);
    return number;
  }
}

interface Chunk {
  /** `NO_NUMBERS` while no slot of it is used. */
  numbers: Float64Array;
  keys: string[];
  used: number;
  /** Places below this were used before. */
  touched: number;
  /** The first of those that are free again, each of which names the next one as `OLDER`. */
  free: number;
}

const CHUNK_BITS = 10;
const SLOTS_PER_CHUNK = 1 << CHUNK_BITS;
const PLACE_MASK = SLOTS_PER_CHUNK - 1;

const NO_NUMBERS = new Float64Array(0);

/** A record's numbers: 64 bytes. */
const NUMBERS_PER_RECORD = 8;
const TIME = 0;
const EXPIRES = 1;
const FILE = 2;
const AT = 3;
const OLDER = 4;
const NEWER = 5;
const READ_AT = 6;
/** The node of the version, the entry's marks, and what follows; and the value's size above `BITS_MASK`. */
const BITS = 7;

const NODE_MASK = 0xff;
const MARKS_SHIFT = 8;
const MARKS_MASK = 0xff;
const TOMBSTONE = 1 << 16;
const HAS_TOKEN = 1 << 17;
const USED = 1 << 18;
const VALUED = 1 << 19;

/**
 * A double holds 53 bits, of which the bits above take 22 and the size of the value 31. Bitwise operations see the
 * lower 32 bits alone, so they find the bits as they are, and lose the size: it is divided out, and added.
 */
const BITS_MASK = (1 << 22) - 1;
const SIZE_UNIT = BITS_MASK + 1;
const SIZE_MAX = 2 ** 31 - 2;
const UNKNOWN_BYTES = -1;

function sizeField(valueBytes: number): number {
  return (Math.min(valueBytes, SIZE_MAX) + 1) * SIZE_UNIT;
}

function sizeIn(bits: number): number | undefined {
  const size = Math.floor(bits / SIZE_UNIT) - 1;
  return size === UNKNOWN_BYTES ? undefined : size;
}

function indexOf(slot: number): number {
  return (slot & PLACE_MASK) * NUMBERS_PER_RECORD;
}

function furnish(chunk: Chunk): void {
  chunk.numbers = new Float64Array(SLOTS_PER_CHUNK * NUMBERS_PER_RECORD);
  chunk.keys = new Array<string>(SLOTS_PER_CHUNK).fill('');
}

function takePlace(chunk: Chunk): number {
  chunk.used++;
  const place = chunk.free;
  if (place === NO_SLOT) return chunk.touched++;
  chunk.free = chunk.numbers[place * NUMBERS_PER_RECORD + OLDER]!;
  return place;
}

function vacate(chunk: Chunk): void {
  chunk.numbers = NO_NUMBERS;
  chunk.keys = [];
  chunk.touched = 0;
  chunk.free = NO_SLOT;
}
