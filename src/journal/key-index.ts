import { hashOfKey } from '../base/key-hash.ts';
import { NO_SLOT, type RecordTable } from './record-table.ts';

/**
 * Where the record of each key is in the table: a hash table of numbers, hash and slot side by side, since a `Map` takes
 * five times the memory, is full at 16 million keys, and stands still for a second when it grows.
 *
 * It is in parts, each of which grows by itself, so that no write has to wait for more than a small part of it.
 */
export class KeyIndex {
  readonly #table: RecordTable;
  readonly #parts: Part[] = Array.from({ length: PARTS }, () => new Part());
  #size = 0;

  constructor(table: RecordTable) {
    this.#table = table;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns `NO_SLOT` when it is not there */
  get(key: string): number {
    const hash = hashOfKey(key);
    const part = this.#partOf(hash);
    const { cells, mask } = part;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = cells[at * 2 + 1]! - 1;
      if (slot === NO_SLOT) return NO_SLOT;
      if (cells[at * 2] === hash && this.#table.keyOf(slot) === key) return slot;
    }
  }

  /** @param key not there yet */
  add(key: string, slot: number): void {
    const hash = hashOfKey(key);
    this.#partOf(hash).add(hash, slot);
    this.#size++;
  }

  /** @param slot that of the key */
  remove(key: string, slot: number): void {
    const hash = hashOfKey(key);
    this.#partOf(hash).remove(hash, slot);
    this.#size--;
  }

  #partOf(hash: number): Part {
    return this.#parts[hash >>> PART_SHIFT]!;
  }
}

/** The upper bits of a hash choose the part, the lower ones the place in it. */
const PART_SHIFT = 24;
const PARTS = 256;

const CELLS_FIRST = 16;

/** Open addressing, with what follows moved up when something goes: so there is nothing dead in it. */
class Part {
  /** Two numbers a cell: a hash, and the slot plus one; 0 for none. */
  cells = new Int32Array(CELLS_FIRST * 2);
  mask = CELLS_FIRST - 1;
  #used = 0;

  add(hash: number, slot: number): void {
    if ((this.#used + 1) * 4 > (this.mask + 1) * 3) this.#resize((this.mask + 1) * 2);
    this.#used++;
    this.#put(hash, slot);
  }

  remove(hash: number, slot: number): void {
    const { cells, mask } = this;
    let hole = hash & mask;
    while (cells[hole * 2 + 1] !== slot + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; cells[at * 2 + 1] !== 0; at = (at + 1) & mask) {
      const wanted = cells[at * 2]! & mask;
      // What lies between the place that it wants and the place that it has must not be left with a hole in it.
      if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
      cells[hole * 2] = cells[at * 2]!;
      cells[hole * 2 + 1] = cells[at * 2 + 1]!;
      hole = at;
    }
    cells[hole * 2 + 1] = 0;
    this.#used--;
    if (mask + 1 > CELLS_FIRST && this.#used * 8 < mask + 1) this.#resize((mask + 1) / 2);
  }

  #put(hash: number, slot: number): void {
    const { cells, mask } = this;
    let at = hash & mask;
    while (cells[at * 2 + 1] !== 0) at = (at + 1) & mask;
    cells[at * 2] = hash;
    cells[at * 2 + 1] = slot + 1;
  }

  #resize(count: number): void {
    const before = this.cells;
    this.cells = new Int32Array(count * 2);
    this.mask = count - 1;
    for (let at = 0; at < before.length; at += 2)
      if (before[at + 1] !== 0) this.#put(before[at]!, before[at + 1]! - 1);
  }
}
