import { hashOfKey } from '../base/key-hash.ts';
import { NO_SLOT, type RecordTable } from './record-table.ts';

/**
 * Finds the slot of a key's record. It is a hash table of numbers, hash and slot side by side: a `Map` takes five
 * times the memory, is full at 16 million keys, and stops the process for a second when it grows.
 *
 * The table has partitions that grow one by one, so that no write has to wait while the whole table grows.
 */
export class KeyIndex {
  readonly #table: RecordTable;
  readonly #partitions: IndexPartition[] = Array.from({ length: PARTITIONS }, () => new IndexPartition());
  #size = 0;

  constructor(table: RecordTable) {
    this.#table = table;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns `NO_SLOT` when the key has no record */
  get(key: string): number {
    const hash = hashOfKey(key);
    const partition = this.#partitionOf(hash);
    const { cells, mask } = partition;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = cells[at * 2 + 1]! - 1;
      if (slot === NO_SLOT) return NO_SLOT;
      if (cells[at * 2] === hash && this.#table.keyOf(slot) === key) return slot;
    }
  }

  /** @param key has no slot yet */
  add(key: string, slot: number): void {
    const hash = hashOfKey(key);
    this.#partitionOf(hash).add(hash, slot);
    this.#size++;
  }

  /** @param slot the slot of the key */
  remove(key: string, slot: number): void {
    const hash = hashOfKey(key);
    this.#partitionOf(hash).remove(hash, slot);
    this.#size--;
  }

  #partitionOf(hash: number): IndexPartition {
    return this.#partitions[hash >>> PARTITION_SHIFT]!;
  }
}

/** The upper bits of a hash choose the partition, the lower bits the cell in it. */
const PARTITION_SHIFT = 24;
const PARTITIONS = 256;

const CELLS_FIRST = 16;

/** Open addressing. A removal moves the entries behind it up, so that no cell is left as a placeholder. */
class IndexPartition {
  /** Two numbers for each cell: a hash, and the slot plus one; 0 in an empty cell. */
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
      // The hole may take this entry only if it lies between the cell that the entry wants and the one that it has.
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
