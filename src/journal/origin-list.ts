import type { VersionTime } from '../base/number-kinds.ts';
import { NO_SLOT, type RecordTable } from './record-table.ts';

/**
 * The records of one origin in version order, as a linked list, so that a superseded record is removed in constant
 * time.
 *
 * Nearly every new record is the newest of its list. An exchange brings records oldest first, so the search for the
 * place of a record begins at the one that was inserted last.
 */
export class OriginList {
  readonly #table: RecordTable;
  #newest = NO_SLOT;
  #oldest = NO_SLOT;
  #lastInserted = NO_SLOT;

  constructor(table: RecordTable) {
    this.#table = table;
  }

  insert(slot: number): void {
    const table = this.#table;
    const older = this.#placeFor(table.timeOf(slot));
    const newer = older === NO_SLOT ? this.#oldest : table.newerThan(older);
    table.setOlder(slot, older);
    table.setNewer(slot, newer);
    if (older === NO_SLOT) this.#oldest = slot;
    else table.setNewer(older, slot);
    if (newer === NO_SLOT) this.#newest = slot;
    else table.setOlder(newer, slot);
    this.#lastInserted = slot;
  }

  remove(slot: number): void {
    const table = this.#table;
    const older = table.olderThan(slot);
    const newer = table.newerThan(slot);
    if (older === NO_SLOT) this.#oldest = newer;
    else table.setNewer(older, newer);
    if (newer === NO_SLOT) this.#newest = older;
    else table.setOlder(newer, older);
    if (this.#lastInserted === slot) this.#lastInserted = older === NO_SLOT ? newer : older;
  }

  /** The slots of all records with a larger time, newest first. Takes as many steps as it yields slots. */
  *newerThan(time: VersionTime): Generator<number> {
    const table = this.#table;
    for (let slot = this.#newest; slot !== NO_SLOT && table.timeOf(slot) > time; slot = table.olderThan(slot))
      yield slot;
  }

  /** The record behind which a record of this time belongs; `NO_SLOT` when it belongs before all others. */
  #placeFor(time: VersionTime): number {
    const table = this.#table;
    let place = this.#newest;
    if (place === NO_SLOT || table.timeOf(place) < time) return place;
    const last = this.#lastInserted;
    if (last !== NO_SLOT && table.timeOf(last) < time) {
      place = last;
      for (;;) {
        const newer = table.newerThan(place);
        if (newer === NO_SLOT || table.timeOf(newer) >= time) return place;
        place = newer;
      }
    }
    if (last !== NO_SLOT) place = last;
    while (place !== NO_SLOT && table.timeOf(place) >= time) place = table.olderThan(place);
    return place;
  }
}
