import { type Effect, type EffectKind, NO_ENTRY } from '../ordering/effect.ts';
import {
  compareVersions,
  msOfVersionTime,
  sameVersion,
  TICKS_PER_MS,
  type Version,
  versionTimeOfMs,
} from '../ordering/version.ts';
import { VersionVector } from '../ordering/version-vector.ts';
import type { ArmedFlush, Journal, JournalRecord, JournalState, Marks } from './journal.ts';
import type { Place } from './log-entry.ts';
import { OriginLog, type OriginRecord } from './origin-log.ts';
import { effectOfRecord } from './record-effect.ts';

/**
 * The journal in memory, without values; also what finds them in the one on disk. Nothing on its hot path depends on the number of keys: a map finds a
 * key's record, and a linked list per origin, in version order, finds what a peer lacks.
 *
 * A flush costs as much as there are records that survive it, not as there are that it ends: the survivors
 * are the newest of each origin's list, and move to a new map.
 */
export class MemoryJournal implements Journal {
  readonly #logs: OriginLog[];
  readonly forgotten: VersionVector;
  #records = new Map<string, OriginRecord>();
  /** The one asked for or made last: a write asks for its record several times over, and it is far away in memory. */
  #last: OriginRecord | undefined;
  #cursor: Iterator<OriginRecord> | null = null;
  #tombstones = 0;
  #flush: Version | null = null;
  /** Entries below this time were ended by a flush, whenever they come in. */
  #flushedBelow: Version = { time: 0, node: 0 };
  /** The newest announcement of a flush, kept when it has come due: a peer may have missed both. */
  #announced: ArmedFlush | null = null;
  #armed: ArmedFlush | null = null;

  constructor(nodes: number) {
    this.#logs = Array.from({ length: nodes }, () => new OriginLog());
    this.forgotten = VersionVector.zero(nodes);
  }

  get keys(): number {
    return this.#records.size - this.#tombstones;
  }

  get records(): number {
    return this.#records.size;
  }

  get armedFlush(): ArmedFlush | null {
    return this.#armed;
  }

  readonly state: JournalState = { writable: true };
  readonly position: string | null = null;

  newest(key: string): OriginRecord | undefined {
    if (this.#last?.key === key) return this.#last;
    const record = this.#records.get(key);
    if (record !== undefined) this.#last = record;
    return record;
  }

  isLive(record: JournalRecord, nowMs: number): boolean {
    if (record.tombstone) return false;
    if (record.expiresAtMs !== 0 && record.expiresAtMs <= nowMs) return false;
    const armed = this.#armed;
    return armed === null || armed.atMs > nowMs || record.version.time >= versionTimeOfMs(armed.atMs);
  }

  record(effect: Effect): boolean {
    switch (effect.kind) {
      case 'set':
      case 'delete':
        return this.#recordWrite(effect);
      case 'flush':
        return this.#recordFlush(effect.version);
      case 'flush-later':
        return this.#recordAnnouncement({ version: effect.version, atMs: effect.expiresAtMs });
      case 'flush-due':
        if (this.#armed?.atMs === effect.expiresAtMs) this.#armed = null;
        this.#endBelow({ time: versionTimeOfMs(effect.expiresAtMs), node: 0 });
        return true;
    }
  }

  revert(failed: Version, key: string, previous: JournalRecord | undefined): void {
    const current = this.#records.get(key);
    if (current === undefined || !sameVersion(current.version, failed)) return;
    this.#remove(current);
    if (previous !== undefined && compareVersions(previous.version, this.#flushedBelow) >= 0) {
      this.#insert({ ...previous });
    }
  }

  forget(record: JournalRecord): void {
    const current = this.#records.get(record.key);
    if (current === record) this.#remove(current);
  }

  forgetEarly(record: JournalRecord): void {
    this.forgotten.advance(record.version.node, record.version.time);
    this.forget(record);
  }

  noteForgotten(times: readonly number[]): void {
    this.forgotten.merge(new VersionVector(times));
  }

  since(vector: VersionVector): Effect[] {
    const effects: Effect[] = [];
    this.#logs.forEach((log, node) => {
      for (const record of log.newerThan(vector.timeOf(node))) effects.push(effectOfRecord(record));
    });
    for (const flush of this.#knownFlushes()) if (!vector.covers(flush.version)) effects.push(flush);
    return effects.sort((a, b) => compareVersions(a.version, b.version));
  }

  sample(limit: number): JournalRecord[] {
    const found: JournalRecord[] = [];
    while (found.length < limit && this.#records.size > 0) {
      this.#cursor ??= this.#records.values();
      const next = this.#cursor.next();
      if (next.done) {
        this.#cursor = null;
        break;
      }
      found.push(next.value);
    }
    return found;
  }

  walk(): Iterator<OriginRecord> {
    return this.#records.values();
  }

  /** What tells an empty journal of all flushes that this one knows, those that came due included. */
  flushes(): Effect[] {
    const below = this.#flushedBelow;
    const due = flushEffect('flush-due', below, msOfVersionTime(below.time));
    const effects = below.node === 0 && below.time % TICKS_PER_MS === 0 && below.time > 0 ? [due] : [];
    effects.push(...this.#knownFlushes());
    const announced = this.#announced;
    if (announced !== null && this.#armed === null)
      effects.push(flushEffect('flush-due', announced.version, announced.atMs));
    return effects;
  }

  hold(): void {}

  release(): void {}

  fill(): void {}

  mark(_: Marks): void {}

  whenKept(done: (error: string | null) => void): void {
    done(null);
  }

  valueOf(
    _key: string,
    _version: Version,
    done: (error: string | null, effect: Effect | null) => void,
  ): void {
    done(null, null);
  }

  #knownFlushes(): Effect[] {
    const effects: Effect[] = [];
    if (this.#flush !== null) effects.push(flushEffect('flush', this.#flush, 0));
    const announced = this.#announced;
    if (announced !== null) effects.push(flushEffect('flush-later', announced.version, announced.atMs));
    return effects;
  }

  #recordWrite(effect: Effect): boolean {
    if (compareVersions(effect.version, this.#flushedBelow) < 0) return false;
    const current = this.newest(effect.key);
    if (current !== undefined) {
      if (compareVersions(current.version, effect.version) >= 0) return false;
      this.#logs[current.version.node]!.remove(current);
      if (current.tombstone) this.#tombstones--;
    }
    const { version, expiresAtMs, token, marks } = effect;
    // The key as it has lived so far: of two that are equal the younger one can go.
    const key = current?.key ?? effect.key;
    const tombstone = effect.kind === 'delete';
    this.#insert({ key, version, expiresAtMs, tombstone, token, marks, readAtSec: 0 });
    return true;
  }

  #recordFlush(version: Version): boolean {
    if (this.#flush !== null && compareVersions(this.#flush, version) >= 0) return false;
    this.#flush = version;
    if (this.#announced !== null && compareVersions(this.#announced.version, version) < 0) {
      this.#announced = null;
      this.#armed = null;
    }
    this.#endBelow(version);
    return true;
  }

  /** The newest announcement takes the place of others, and a flush that is newer still makes it void. */
  #recordAnnouncement(announced: ArmedFlush): boolean {
    const newest = this.#announced?.version ?? this.#flush;
    if (newest !== null && compareVersions(newest, announced.version) >= 0) return false;
    this.#announced = announced;
    this.#armed = announced;
    return true;
  }

  #endBelow(version: Version): void {
    if (compareVersions(version, this.#flushedBelow) <= 0) return;
    this.#flushedBelow = version;
    const survivors = new Map<string, OriginRecord>();
    let tombstones = 0;
    this.#logs.forEach((log, node) => {
      for (const record of log.keepFrom(version, node)) {
        survivors.set(record.key, record);
        if (record.tombstone) tombstones++;
      }
    });
    this.#records = survivors;
    this.#last = undefined;
    this.#tombstones = tombstones;
    this.#cursor = null;
  }

  #insert(fields: JournalRecord & Partial<Place>): void {
    const { key, version, expiresAtMs, tombstone, token, marks, readAtSec, file = 0, at = 0 } = fields;
    const record: OriginRecord = {
      key,
      version,
      expiresAtMs,
      tombstone,
      token,
      marks,
      readAtSec,
      file,
      at,
      older: null,
      newer: null,
    };
    this.#logs[version.node]!.insert(record);
    this.#records.set(key, record);
    this.#last = record;
    if (tombstone) this.#tombstones++;
  }

  #remove(record: OriginRecord): void {
    this.#records.delete(record.key);
    this.#last = undefined;
    this.#logs[record.version.node]!.remove(record);
    if (record.tombstone) this.#tombstones--;
  }
}

function flushEffect(kind: EffectKind, version: Version, expiresAtMs: number): Effect {
  return { ...NO_ENTRY, version, kind, expiresAtMs };
}
