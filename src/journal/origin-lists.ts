import type { ControllerId } from '../base/number-kinds.ts';
import { OriginList } from './origin-list.ts';
import type { RecordTable } from './record-table.ts';

/** The records of a table by their origins. The list of an origin is made with its first record. */
export class OriginLists {
  readonly #table: RecordTable;
  /** By id; null where an origin has no list. Ids need not follow each other. */
  readonly #byOrigin: (OriginList | null)[] = [];

  constructor(table: RecordTable) {
    this.#table = table;
  }

  insert(origin: ControllerId, slot: number): void {
    const list = this.#byOrigin[origin] ?? this.#add(origin);
    list.insert(slot);
  }

  remove(origin: ControllerId, slot: number): void {
    this.#byOrigin[origin]!.remove(slot);
  }

  /** Calls `see` for each list, in the order of ids. */
  forEach(see: (list: OriginList, origin: ControllerId) => void): void {
    this.#byOrigin.forEach((list, origin) => {
      if (list !== null) see(list, origin);
    });
  }

  #add(origin: ControllerId): OriginList {
    const list = new OriginList(this.#table);
    while (this.#byOrigin.length <= origin) this.#byOrigin.push(null);
    this.#byOrigin[origin] = list;
    return list;
  }
}
