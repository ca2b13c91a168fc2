import type { VersionTime, WallMs } from '../base/number-kinds.ts';
import type { ChainSum, Effect, KeyEffect, SetEffect } from '../ordering/effect.ts';
import type { Stretch } from '../ordering/stretches.ts';
import {
  compareVersions,
  msOfVersionTime,
  sameVersion,
  TICKS_PER_MS,
  type Version,
  versionTimeOfMs,
} from '../ordering/version.ts';
import { VersionVector } from '../ordering/version-vector.ts';
import { Chains } from './chains.ts';
import type {
  AnnouncedFlush,
  AttachedRecord,
  Journal,
  JournalRecord,
  JournalState,
  Watermarks,
} from './journal.ts';
import { KeyIndex } from './key-index.ts';
import type { LogPosition } from './log-entry.ts';
import { OriginLists } from './origin-lists.ts';
import { effectOfRecord } from './record-effect.ts';
import { fieldsOf } from './record-fields.ts';
import { type LocatedRecord, NO_SLOT, type RecordFields, RecordTable } from './record-table.ts';

/**
 * The journal in memory, without values. It is also the index of the journal on disk. No step of a read or a write
 * depends on the number of keys: a hash table finds the record of a key, and a linked list per origin, in version
 * order, finds what a peer lacks.
 *
 * The cost of a flush is proportional to the records that survive it, not to those that it ends: the survivors are
 * the newest of each origin's list, and move to a new table.
 */
export class MemoryJournal implements Journal {
  readonly forgotten = new VersionVector([]);
  #table = new RecordTable();
  #logs = new OriginLists(this.#table);
  #slots = new KeyIndex(this.#table);
  /** The keys whose newest write is a difference. */
  readonly chains = new Chains();
  /** The key that was looked up or written last, and its slot: a write looks up its record several times. */
  #lastKey: string | undefined;
  #lastSlot = NO_SLOT;
  /** A copy of that record, if it was asked for and has not changed since. */
  #last: LocatedRecord | undefined;
  /** The slot at which `sample` continues. */
  #cursor = 0;
  #tombstones = 0;
  #flush: Version | null = null;
  /** A flush has ended all entries with smaller versions, also those that arrive later. */
  #flushedBelow: Version = { time: 0, node: 0 };
  /** The newest announcement of a flush. It is kept when it has come due: a peer may have missed both. */
  #announced: AnnouncedFlush | null = null;
  #awaited: AnnouncedFlush | null = null;

  get keys(): number {
    return this.#slots.size - this.#tombstones;
  }

  get records(): number {
    return this.#slots.size;
  }

  get announcedFlush(): AnnouncedFlush | null {
    return this.#awaited;
  }

  readonly state: JournalState = { writable: true };
  readonly lastCommit: string | null = null;

  newest(key: string): LocatedRecord | undefined {
    if (this.#last?.key === key) return this.#last;
    const slot = this.#slotOf(key);
    if (slot === NO_SLOT) return undefined;
    this.#last = this.#table.recordAt(slot);
    return this.#last;
  }

  isLive(record: JournalRecord, nowMs: WallMs): boolean {
    if (record.tombstone) return false;
    if (record.expiresAtMs !== 0 && record.expiresAtMs <= nowMs) return false;
    const armed = this.#awaited;
    return armed === null || armed.atMs > nowMs || record.version.time >= versionTimeOfMs(armed.atMs);
  }

  record(effect: Effect): boolean {
    switch (effect.kind) {
      case 'set':
      case 'join':
      case 'delete':
        return this.#recordWrite(effect);
      case 'flush':
        return this.#recordFlush(effect.version);
      case 'flush-later':
        return this.#recordAnnouncement({ version: effect.version, atMs: effect.atMs });
      case 'flush-due':
        if (this.#awaited?.atMs === effect.atMs) this.#awaited = null;
        this.#endBelow({ time: versionTimeOfMs(effect.atMs), node: 0 });
        return true;
    }
  }

  readonly attached = new Map<string, AttachedRecord>();

  attach(record: AttachedRecord): void {
    this.attached.set(record.key, record);
  }

  attachedTo(key: string): AttachedRecord | undefined {
    return this.attached.get(key);
  }

  detach(key: string): void {
    this.attached.delete(key);
  }

  recordIncomplete(_: readonly Stretch[]): void {}

  revert(failed: Version, key: string, previous: (JournalRecord & Partial<LogPosition>) | undefined): void {
    const slot = this.#slotOf(key);
    if (slot === NO_SLOT || this.#table.compareVersion(slot, failed) !== 0) return;
    this.chains.end(key);
    this.#remove(key, slot);
    if (previous !== undefined && compareVersions(previous.version, this.#flushedBelow) >= 0)
      this.#insert(key, previous);
  }

  forget({ key, version }: Pick<JournalRecord, 'key' | 'version'>): void {
    const slot = this.#slotOf(key);
    if (slot === NO_SLOT || this.#table.compareVersion(slot, version) !== 0) return;
    this.chains.end(key);
    this.#remove(key, slot);
  }

  noteRead(key: string, readAtSec: number): void {
    const slot = this.#slotOf(key);
    if (slot === NO_SLOT) return;
    this.#table.setReadAtSec(slot, readAtSec);
    this.#last = undefined;
  }

  /** The log entry of the key's record is at this position. */
  locate(key: string, place: LogPosition): void {
    const slot = this.#slotOf(key);
    if (slot === NO_SLOT) return;
    this.#table.locate(slot, place);
    this.#last = undefined;
  }

  /** Whether the log entry of the key's record is at this position. */
  isAt(key: string, place: LogPosition): boolean {
    const slot = this.#slotOf(key);
    return slot !== NO_SLOT && this.#table.isAt(slot, place);
  }

  /** The difference that was just recorded is at this position of the log. */
  locatePart(key: string, place: LogPosition): void {
    this.chains.get(key)?.parts.push(place);
    this.locate(key, place);
  }

  /** A log entry was moved. @returns false when it was not the entry of the key's record */
  relocate(key: string, from: LogPosition, to: LogPosition): boolean {
    this.chains.move(key, from, to);
    if (!this.isAt(key, from)) return false;
    this.locate(key, to);
    return true;
  }

  forgetEarly(record: JournalRecord): void {
    // mutant: forgets-early-forgetting
    this.forgotten.advance(record.version.node, record.version.time);
    this.forget(record);
  }

  noteForgotten(times: readonly VersionTime[]): void {
    this.forgotten.merge(new VersionVector(times));
  }

  since(vector: VersionVector): Effect[] {
    const effects: Effect[] = [];
    this.#logs.forEach((log, node) => {
      for (const slot of log.newerThan(vector.timeOf(node)))
        effects.push(effectOfRecord(this.#table.recordAt(slot)));
    });
    for (const flush of this.#knownFlushes()) if (!vector.covers(flush.version)) effects.push(flush);
    return effects.sort((a, b) => compareVersions(a.version, b.version));
  }

  sample(limit: number): JournalRecord[] {
    const found: JournalRecord[] = [];
    for (let looks = limit * LOOKS_PER_SAMPLED; looks > 0 && found.length < limit; looks--) {
      if (this.#cursor >= this.#table.slots) {
        this.#cursor = 0;
        break;
      }
      if (this.#table.isUsed(this.#cursor)) found.push(this.#table.recordAt(this.#cursor));
      this.#cursor++;
    }
    return found;
  }

  *walk(from = 0, places = Number.POSITIVE_INFINITY): Generator<LocatedRecord, number | null> {
    const table = this.#table;
    let slot = from;
    for (; slot < table.slots && slot - from < places; slot++)
      if (table.isUsed(slot)) yield table.recordAt(slot);
    return slot < table.slots ? slot : null;
  }

  /** The effects that tell an empty journal of all flushes that this journal knows, those that came due included. */
  flushes(): Effect[] {
    const below = this.#flushedBelow;
    const effects: Effect[] = [];
    if (below.node === 0 && below.time % TICKS_PER_MS === 0 && below.time > 0)
      effects.push({ kind: 'flush-due', version: below, atMs: msOfVersionTime(below.time) });
    effects.push(...this.#knownFlushes());
    const announced = this.#announced;
    if (announced !== null && this.#awaited === null)
      effects.push({ kind: 'flush-due', version: announced.version, atMs: announced.atMs });
    return effects;
  }

  stage(): void {}

  discard(): void {}

  addValue({ key, version, value }: SetEffect): void {
    const slot = this.#slotOf(key);
    if (value === null || slot === NO_SLOT || this.#table.compareVersion(slot, version) !== 0) return;
    this.chains.end(key);
    this.#table.setValued(slot, value.length);
    this.#last = undefined;
  }

  /** This journal has no values. */
  lacksValue(key: string, version: Version): boolean {
    const slot = this.#slotOf(key);
    return slot !== NO_SLOT && this.#table.compareVersion(slot, version) === 0;
  }

  /** Whether the newest write of the key has this version, and its value has arrived with it or later. */
  isValued(key: string, version: Version): boolean {
    return this.lacksValue(key, version) && this.#table.isValued(this.#slotOf(key));
  }

  chainOf(key: string): ChainSum | null {
    const slot = this.#slotOf(key);
    if (slot === NO_SLOT || this.#table.isTombstone(slot) || !this.#table.isValued(slot)) return null;
    return this.chains.sumOf(key);
  }

  recordWatermarks(_: Watermarks): void {}

  whenDurable(done: (error: string | null) => void): void {
    done(null);
  }

  valueOf(
    _key: string,
    _version: Version,
    done: (error: string | null, effect: SetEffect | null) => void,
  ): void {
    done(null, null);
  }

  #knownFlushes(): Effect[] {
    const effects: Effect[] = [];
    if (this.#flush !== null) effects.push({ kind: 'flush', version: this.#flush });
    const announced = this.#announced;
    if (announced !== null)
      effects.push({ kind: 'flush-later', version: announced.version, atMs: announced.atMs });
    return effects;
  }

  #recordWrite(effect: KeyEffect): boolean {
    const { key, version } = effect;
    if (compareVersions(version, this.#flushedBelow) < 0) return false;
    const slot = this.#slotOf(key);
    if (slot === NO_SLOT) {
      this.#insert(key, fieldsOf(effect, false));
      return true;
    }
    // mutant: older-version-wins
    if (this.#table.compareVersion(slot, version) >= 0) return false;
    const fields = fieldsOf(effect, this.#extendsChain(slot, effect));
    this.#leave(slot);
    this.#table.set(slot, fields);
    this.#enter(slot, fields);
    return true;
  }

  /** @returns the write is a difference, and its base is here with its value */
  #extendsChain(slot: number, effect: KeyEffect): boolean {
    const { key } = effect;
    if (effect.kind === 'join' && this.#table.isValued(slot)) {
      const base = this.#table.recordAt(slot);
      if (sameVersion(base.version, effect.condition)) {
        this.chains.extend(effect, base);
        return true;
      }
    }
    this.chains.end(key);
    return false;
  }

  #recordFlush(version: Version): boolean {
    if (this.#flush !== null && compareVersions(this.#flush, version) >= 0) return false;
    this.#flush = version;
    if (this.#announced !== null && compareVersions(this.#announced.version, version) < 0) {
      this.#announced = null;
      this.#awaited = null;
    }
    this.#endBelow(version);
    return true;
  }

  /** The newest announcement replaces the others. A flush that is newer than the announcement cancels it. */
  #recordAnnouncement(announced: AnnouncedFlush): boolean {
    const newest = this.#announced?.version ?? this.#flush;
    if (newest !== null && compareVersions(newest, announced.version) >= 0) return false;
    this.#announced = announced;
    this.#awaited = announced;
    return true;
  }

  #endBelow(version: Version): void {
    if (compareVersions(version, this.#flushedBelow) <= 0) return;
    this.#flushedBelow = version;
    const before = this.#table;
    this.#table = new RecordTable();
    this.#slots = new KeyIndex(this.#table);
    this.#tombstones = 0;
    this.#cursor = 0;
    this.#lastKey = undefined;
    const logs = this.#logs;
    this.#logs = new OriginLists(this.#table);
    logs.forEach((log) => {
      const survivors: number[] = [];
      for (const slot of log.newerThan(version.time - 1)) {
        if (before.compareVersion(slot, version) < 0) break;
        survivors.push(slot);
      }
      for (let slot = survivors.pop(); slot !== undefined; slot = survivors.pop())
        this.#insert(before.keyOf(slot), before.recordAt(slot));
    });
    this.chains.keepOnly((key) => this.#slots.get(key) !== NO_SLOT);
    this.#last = undefined;
  }

  #slotOf(key: string): number {
    if (this.#lastKey === key) return this.#lastSlot;
    const slot = this.#slots.get(key);
    if (slot === NO_SLOT) return NO_SLOT;
    this.#lastKey = key;
    this.#lastSlot = slot;
    return slot;
  }

  #insert(key: string, fields: RecordFields): void {
    const slot = this.#table.add(key, fields);
    this.#slots.add(key, slot);
    this.#lastKey = key;
    this.#lastSlot = slot;
    this.#enter(slot, fields);
  }

  #enter(slot: number, { version, tombstone }: RecordFields): void {
    this.#logs.insert(version.node, slot);
    if (tombstone) this.#tombstones++;
    this.#last = undefined;
  }

  #leave(slot: number): void {
    this.#logs.remove(this.#table.nodeOf(slot), slot);
    if (this.#table.isTombstone(slot)) this.#tombstones--;
  }

  #remove(key: string, slot: number): void {
    this.#leave(slot);
    this.#slots.remove(key, slot);
    this.#table.remove(slot);
    this.#lastKey = undefined;
    this.#last = undefined;
  }
}

/** At most this many slots are looked at for each record of a sample. */
const LOOKS_PER_SAMPLED = 16;
