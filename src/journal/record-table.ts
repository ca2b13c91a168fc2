import type { ControllerId, VersionTime } from '../base/number-kinds.ts';
import type { Version } from '../ordering/version.ts';
import type { JournalRecord } from './journal.ts';
import type { LogPosition } from './log-entry.ts';

/** A copy of a record, and the position of its log entry: file 0 in a journal without a disk. */
export interface LocatedRecord extends JournalRecord, LogPosition {
  /** The value came with the write, or later. */
  readonly valued: boolean;
}

/** The fields of a record, beside its key. */
export type RecordFields = Omit<JournalRecord, 'key'> & Partial<Omit<LocatedRecord, keyof JournalRecord>>;

/** The slot of no record. */
export const NO_SLOT = -1;

/**
 * The records of a journal, each in a numbered slot. The numbers of a record lie side by side in a typed array: a key's
 * next write allocates nothing, and the garbage collector has nothing to visit, however many keys there are.
 *
 * Slots belong to chunks; a chunk without records gives its memory back. The key of a record, and its token in the rare
 * case that it has one, are kept apart from the numbers.
 */
export class RecordTable {
  readonly #chunks: Chunk[] = [];
  /** The chunks that have a free slot. The last one is used first. */
  readonly #chunksWithFreeSlots: number[] = [];
  readonly #tokens = new Map<number, bigint>();

  /** All records have slots below this number. */
  get slots(): number {
    const last = this.#chunks.at(-1);
    return last === undefined ? 0 : (this.#chunks.length - 1) * SLOTS_PER_CHUNK + last.usedSlotsEver;
  }

  isUsed(slot: number): boolean {
    const { numbers } = this.#chunkOf(slot);
    return numbers !== NO_NUMBERS && (numbers[indexOf(slot) + BITS]! & USED) !== 0;
  }

  /** @returns the slot of the new record, which is in no list yet */
  add(key: string, fields: RecordFields): number {
    const number = this.#chunksWithFreeSlots.at(-1) ?? this.#addChunk();
    const chunk = this.#chunks[number]!;
    if (chunk.numbers === NO_NUMBERS) allocate(chunk);
    const index = takeSlot(chunk);
    if (chunk.used === SLOTS_PER_CHUNK) this.#chunksWithFreeSlots.pop();
    chunk.keys[index] = key;
    const slot = number * SLOTS_PER_CHUNK + index;
    this.set(slot, fields);
    return slot;
  }

  /** Replaces the key's record in place. */
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

  /** Frees the slot for another record. */
  remove(slot: number): void {
    const number = slot >> CHUNK_BITS;
    const chunk = this.#chunks[number]!;
    const start = indexOf(slot);
    if ((chunk.numbers[start + BITS]! & HAS_TOKEN) !== 0) this.#tokens.delete(slot);
    if (chunk.used === SLOTS_PER_CHUNK) this.#chunksWithFreeSlots.push(number);
    chunk.used--;
    if (chunk.used === 0) return release(chunk);
    chunk.keys[slot & INDEX_MASK] = '';
    chunk.numbers[start + BITS] = 0;
    chunk.numbers[start + OLDER] = chunk.free;
    chunk.free = slot & INDEX_MASK;
  }

  recordAt(slot: number): LocatedRecord {
    const { numbers, keys } = this.#chunkOf(slot);
    const start = indexOf(slot);
    const bits = numbers[start + BITS]!;
    return {
      key: keys[slot & INDEX_MASK]!,
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
    return this.#chunkOf(slot).keys[slot & INDEX_MASK]!;
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

  /** Like `compareVersions`, of the record's version and this one. */
  compareVersion(slot: number, { time, node }: Version): number {
    const { numbers } = this.#chunkOf(slot);
    const start = indexOf(slot);
    return numbers[start + TIME]! - time || (numbers[start + BITS]! & NODE_MASK) - node;
  }

  isAt(slot: number, { file, at }: LogPosition): boolean {
    const { numbers } = this.#chunkOf(slot);
    const start = indexOf(slot);
    return numbers[start + FILE] === file && numbers[start + AT] === at;
  }

  locate(slot: number, { file, at }: LogPosition): void {
    const { numbers } = this.#chunkOf(slot);
    const start = indexOf(slot);
    numbers[start + FILE] = file;
    numbers[start + AT] = at;
  }

  setReadAtSec(slot: number, readAtSec: number): void {
    this.#chunkOf(slot).numbers[indexOf(slot) + READ_AT] = readAtSec;
  }

  /** The neighbours of a record in its list; `NO_SLOT` at the ends of the list. */
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
      this.#chunks.push({ numbers: NO_NUMBERS, keys: [], used: 0, free: NO_SLOT, usedSlotsEver: 0 }) - 1;
    this.#chunksWithFreeSlots.push(number);
    return number;
  }
}

interface Chunk {
  /** `NO_NUMBERS` while no slot is used. */
  numbers: Float64Array;
  keys: string[];
  used: number;
  /** Slots of the chunk below this number have been used at least once. */
  usedSlotsEver: number;
  /** The first slot that is free again. Each of these names the next one in its number `OLDER`. */
  free: number;
}

const CHUNK_BITS = 10;
const SLOTS_PER_CHUNK = 1 << CHUNK_BITS;
const INDEX_MASK = SLOTS_PER_CHUNK - 1;

const NO_NUMBERS = new Float64Array(0);

/** The numbers of one record take 64 bytes. */
const NUMBERS_PER_RECORD = 8;
const TIME = 0;
const EXPIRES = 1;
const FILE = 2;
const AT = 3;
const OLDER = 4;
const NEWER = 5;
const READ_AT = 6;
/** The id in the version, the entry's marks, the four bits that follow, and above `BITS_MASK` the size of the value. */
const BITS = 7;

const NODE_MASK = 0x3ff;
const MARKS_SHIFT = 10;
const MARKS_MASK = 0xff;
const TOMBSTONE = 1 << 18;
const HAS_TOKEN = 1 << 19;
const USED = 1 << 20;
const VALUED = 1 << 21;

/**
 * A double holds 53 bits: the bits above take 22 of them, the size of the value 31. Bitwise operations see only the
 * lower 32 bits, so they work on the bits and lose the size; the size is found by division, and put back by
 * addition.
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
  return (slot & INDEX_MASK) * NUMBERS_PER_RECORD;
}

function allocate(chunk: Chunk): void {
  chunk.numbers = new Float64Array(SLOTS_PER_CHUNK * NUMBERS_PER_RECORD);
  chunk.keys = new Array<string>(SLOTS_PER_CHUNK).fill('');
}

function takeSlot(chunk: Chunk): number {
  chunk.used++;
  const index = chunk.free;
  if (index === NO_SLOT) return chunk.usedSlotsEver++;
  chunk.free = chunk.numbers[index * NUMBERS_PER_RECORD + OLDER]!;
  return index;
}

function release(chunk: Chunk): void {
  chunk.numbers = NO_NUMBERS;
  chunk.keys = [];
  chunk.usedSlotsEver = 0;
  chunk.free = NO_SLOT;
}
