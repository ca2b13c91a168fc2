import { compareVersions, type Version } from '../ordering/version.ts';
import type { JournalRecord } from './journal.ts';

/** A journal record with its neighbours among the records of the same origin. */
export interface OriginRecord extends JournalRecord {
  /** Where its entry is on disk (`Place`); 0 and 0 in a journal that has none. */
  file: number;
  at: number;
  older: OriginRecord | null;
  newer: OriginRecord | null;
}

/**
 * The records of one origin in version order, as a linked list: a superseded record leaves in constant time.
 *
 * New records nearly always are the newest. Those that a sync brings come oldest first, so the search for a
 * place starts where the last one went.
 */
export class OriginLog {
  #newest: OriginRecord | null = null;
  #oldest: OriginRecord | null = null;
  #lastInserted: OriginRecord | null = null;

  insert(record: OriginRecord): void {
    const older = this.#placeFor(record.version.time);
    const newer = older === null ? this.#oldest : older.newer;
    record.older = older;
    record.newer = newer;
    if (older !== null) older.newer = record;
    else this.#oldest = record;
    if (newer !== null) newer.older = record;
    else this.#newest = record;
    this.#lastInserted = record;
  }

  remove(record: OriginRecord): void {
    const { older, newer } = record;
    if (older !== null) older.newer = newer;
    else this.#oldest = newer;
    if (newer !== null) newer.older = older;
    else this.#newest = older;
    if (this.#lastInserted === record) this.#lastInserted = older ?? newer;
    record.older = null;
    record.newer = null;
  }

  /** Records with a larger time, newest first. Costs as many steps as it yields. */
  *newerThan(time: number): Generator<OriginRecord> {
    for (let record = this.#newest; record !== null && record.version.time > time; record = record.older) {
      yield record;
    }
  }

  /** Drops every record below the version, and returns the others, newest first. */
  keepFrom(version: Version, node: number): OriginRecord[] {
    const kept: OriginRecord[] = [];
    let record = this.#newest;
    while (record !== null && compareVersions({ time: record.version.time, node }, version) >= 0) {
      kept.push(record);
      record = record.older;
    }
    this.#oldest = kept.at(-1) ?? null;
    if (this.#oldest === null) this.#newest = null;
    else this.#oldest.older = null;
    this.#lastInserted = this.#newest;
    return kept;
  }

  /** The record after which one of this time belongs; null: before all. */
  #placeFor(time: number): OriginRecord | null {
    let place = this.#newest;
    if (place === null || place.version.time < time) return place;
    const last = this.#lastInserted;
    if (last !== null && last.version.time < time) {
      place = last;
      while (place.newer !== null && place.newer.version.time < time) place = place.newer;
      return place;
    }
    if (last !== null) place = last;
    while (place !== null && place.version.time >= time) place = place.older;
    return place;
  }
}
