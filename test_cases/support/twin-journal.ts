import type { AnnouncedFlush, JournalRecord } from '../../src/journal/journal.ts';
import type { Effect, FlushEffect, FlushLaterEffect } from '../../src/ordering/effect.ts';
import { compareVersions, sameVersion, type Version, versionTimeOfMs } from '../../src/ordering/version.ts';
import { deleteOf, setOf } from './effects.ts';

/**
 * A slow and obvious journal, to compare with the real one: one map, which every question and every flush goes through.
 */
export class TwinJournal {
  readonly all = new Map<string, JournalRecord>();
  announcedFlush: AnnouncedFlush | null = null;
  #announced: FlushLaterEffect | null = null;
  #flush: FlushEffect | null = null;
  #endedBelow: Version = { time: 0, node: 0 };

  get keys(): number {
    return [...this.all.values()].filter((record) => !record.tombstone).length;
  }

  record(effect: Effect): boolean {
    if (effect.kind === 'flush') return this.#recordFlush(effect);
    if (effect.kind === 'flush-later') return this.#recordAnnouncement(effect);
    if (effect.kind === 'flush-due') {
      if (this.announcedFlush?.atMs === effect.atMs) this.announcedFlush = null;
      this.#endBelow({ time: versionTimeOfMs(effect.atMs), node: 0 });
      return true;
    }
    const { key, version } = effect;
    const current = this.all.get(key);
    if (isSmaller(version, this.#endedBelow)) return false;
    if (current !== undefined && !isSmaller(current.version, version)) return false;
    const tombstone = effect.kind === 'delete';
    const { expiresAtMs } = tombstone ? NO_ENTRY : effect;
    const { token, marks } = effect.kind === 'set' ? effect : NO_ENTRY;
    this.all.set(key, { key, version, expiresAtMs, tombstone, token, marks, readAtSec: 0 });
    return true;
  }

  revert(failed: Version, key: string, previous: JournalRecord | undefined): void {
    const current = this.all.get(key);
    if (current === undefined || !sameVersion(current.version, failed)) return;
    this.all.delete(key);
    if (previous !== undefined && !isSmaller(previous.version, this.#endedBelow)) this.all.set(key, previous);
  }

  forget(key: string): void {
    this.all.delete(key);
  }

  since(known: readonly number[]): Effect[] {
    const writes = [...this.all.values()].map(
      ({ key, version, expiresAtMs, tombstone, token, marks }): Effect =>
        tombstone ? deleteOf(key, version) : setOf(key, version, { expiresAtMs, token, marks }),
    );
    return [...writes, this.#flush, this.#announced]
      .filter((effect) => effect !== null)
      .filter(({ version }) => version.time > (known[version.node] ?? 0))
      .sort((a, b) => compareVersions(a.version, b.version));
  }

  #recordFlush(effect: FlushEffect): boolean {
    if (this.#flush !== null && !isSmaller(this.#flush.version, effect.version)) return false;
    this.#flush = effect;
    if (this.#announced !== null && isSmaller(this.#announced.version, effect.version)) {
      this.#announced = null;
      this.announcedFlush = null;
    }
    this.#endBelow(effect.version);
    return true;
  }

  #recordAnnouncement(effect: FlushLaterEffect): boolean {
    for (const other of [this.#flush, this.#announced]) {
      if (other !== null && !isSmaller(other.version, effect.version)) return false;
    }
    this.#announced = effect;
    this.announcedFlush = { version: effect.version, atMs: effect.atMs };
    return true;
  }

  #endBelow(version: Version): void {
    if (isSmaller(this.#endedBelow, version)) this.#endedBelow = version;
    for (const [key, record] of this.all)
      if (isSmaller(record.version, this.#endedBelow)) this.all.delete(key);
  }
}

/** The fields of a tombstone. */
const NO_ENTRY = { expiresAtMs: 0, token: null, marks: 0 };

function isSmaller(a: Version, b: Version): boolean {
  return compareVersions(a, b) < 0;
}
