import type { VersionTime } from '../base/number-kinds.ts';
import { NO_SLOT, type RecordTable } from './record-table.ts';

/**
 * The records of one origin in version order, as a linked list: a superseded record leaves in constant time.
 *
 * New records nearly always are the newest. Those that a sync brings come oldest first, so the search for a
 * place starts where the last one went.
 */
export class OriginLog {
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

  /** Records with a larger time, newest first. Costs as many steps as it yields. */
  *newerThan(time: VersionTime): Generator<number> {
    const table = this.#table;
    for (let slot = this.#newest; slot !== NO_SLOT && table.timeOf(slot) > time; slot = table.olderThan(slot))
      yield slot;
  }

  /** The record after which one of this time belongs; `NO_SLOT`: before all. */
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
