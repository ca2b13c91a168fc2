import type {
  AnnouncedFlush,
  AttachedRecord,
  Journal,
  JournalRecord,
  JournalState,
  Watermarks,
} from '../../src/journal/journal.ts';
import { effectOfRecord } from '../../src/journal/record-effect.ts';
import type { ChainSum, Effect, SetEffect } from '../../src/ordering/effect.ts';
import type { Stretch } from '../../src/ordering/stretches.ts';
import { compareVersions, sameVersion, type Version } from '../../src/ordering/version.ts';
import type { VersionVector } from '../../src/ordering/version-vector.ts';

/** What judges ask of a journal. */
export type JudgedJournal = Pick<WitnessJournal, 'applied' | 'newest' | 'liveKeys' | 'allRecords'>;

/** The newest write of the key in any of the journals. */
export function newestIn(journals: readonly WitnessJournal[], key: string): JournalRecord | undefined {
  const records = journals.flatMap((journal) => journal.newest(key) ?? []);
  return records.toSorted((a, b) => compareVersions(a.version, b.version)).at(-1);
}

/** The journals of one keyspace: all that was applied in any of them, and what the last one has now. */
export function joined(all: readonly WitnessJournal[], last: WitnessJournal): JudgedJournal {
  return {
    applied: all.flatMap(({ applied }) => applied),
    newest: (key) => last.newest(key),
    liveKeys: () => last.liveKeys(),
    allRecords: () => last.allRecords(),
  };
}

/** What a journal has of some keys. Flushes concern all of them. */
export function restricted(journal: JudgedJournal, isOf: (key: string) => boolean): JudgedJournal {
  return {
    applied: journal.applied.filter((effect) => !('key' in effect) || isOf(effect.key)),
    newest: (key) => journal.newest(key),
    liveKeys: () => new Set([...journal.liveKeys()].filter(isOf)),
    allRecords: () => journal.allRecords().filter(({ key }) => isOf(key)),
  };
}

/** A journal that also remembers every write that it ever recorded: all that was applied on a machine. */
export class WitnessJournal implements Journal {
  readonly #journal: Journal;
  readonly applied: Effect[];
  /** The writes in `applied` that this run recorded. */
  readonly #ofThisRun = new Set<Effect>();
  /** Those that the cluster has lost since. This run has to end for them. */
  readonly #lost = new Set<Effect>();

  /** @param applied the writes of earlier runs */
  constructor(journal: Journal, applied: readonly Effect[] = []) {
    this.#journal = journal;
    this.applied = [...applied];
  }

  /** What the next run begins with. A write that the cluster has lost since counts as long as this run goes on. */
  get handedOn(): readonly Effect[] {
    return this.applied.filter((effect) => !this.#lost.has(effect));
  }

  /** Keys that have an entry now. */
  liveKeys(): Set<string> {
    const live = this.allRecords().filter(({ tombstone }) => !tombstone);
    return new Set(live.map(({ key }) => key));
  }

  /** Tombstones included. */
  allRecords(): JournalRecord[] {
    const all: JournalRecord[] = [];
    const records = this.walk();
    for (let next = records.next(); !next.done; next = records.next()) all.push(next.value);
    return all;
  }

  /**
   * The cluster goes on from this version. Writes of earlier runs with a larger version are no part of the history.
   *
   * @param isOld this run had begun before the cluster lost what came after the version
   * @returns those writes
   */
  forgetBeyond(version: Version, isOld: boolean): readonly Effect[] {
    const isBeyond = (effect: Effect) => compareVersions(effect.version, version) > 0;
    if (isOld) for (const effect of this.#ofThisRun) if (isBeyond(effect)) this.#lost.add(effect);
    const lost = this.applied.filter((effect) => !this.#ofThisRun.has(effect) && isBeyond(effect));
    this.#keep((effect) => !lost.includes(effect));
    return lost;
  }

  /** Earlier runs have copied these writes, and they are lost where they came from. */
  forgetCopies(lost: readonly Effect[]): void {
    const isLost = ({ version }: Effect) => lost.some((effect) => sameVersion(effect.version, version));
    this.#keep((effect) => this.#ofThisRun.has(effect) || !isLost(effect));
  }

  /**
   * The run ends, and its state is part of no history: only what others have applied, too, counts. So does what it
   * rests on. Others may have got that as a part of a state, in which newer writes had taken its place. From now on
   * these are writes of an earlier run: the others may hold them only until they go on from an older state.
   */
  abandon(others: readonly WitnessJournal[]): void {
    this.#keep((effect) => !this.#lost.has(effect));
    const isElsewhere = ({ version }: Effect) =>
      others.some(({ applied }) => applied.some((effect) => sameVersion(effect.version, version)));
    const shared = this.applied.filter(isElsewhere).map(({ version }) => version);
    const last = shared.toSorted(compareVersions).at(-1);
    this.#keep(({ version }) => last !== undefined && compareVersions(version, last) <= 0);
    this.#ofThisRun.clear();
    this.#lost.clear();
  }

  #keep(isKept: (effect: Effect) => boolean): void {
    this.applied.splice(0, Number.POSITIVE_INFINITY, ...this.applied.filter(isKept));
  }

  chainOf(key: string): ChainSum | null {
    return this.#journal.chainOf(key);
  }

  record(effect: Effect): boolean {
    const taken = this.#journal.record(effect);
    if (taken) this.#add(effect);
    return taken;
  }

  /**
   * A write that is reverted never happened, unless the journal still names it. The write that takes its place counts
   * from now on, even if it was ignored as an older one when it came.
   */
  revert(failed: Version, key: string, previous: JournalRecord | undefined): void {
    this.#journal.revert(failed, key, previous);
    const now = this.#journal.newest(key);
    if (now !== undefined && sameVersion(now.version, failed)) return;
    const index = this.applied.findLastIndex(({ version }) => sameVersion(version, failed));
    if (index >= 0) this.applied.splice(index, 1);
    if (now === undefined || this.applied.some(({ version }) => sameVersion(version, now.version))) return;
    this.#add(effectOfRecord(now));
  }

  get announcedFlush(): AnnouncedFlush | null {
    return this.#journal.announcedFlush;
  }

  get state(): JournalState {
    return this.#journal.state;
  }

  get lastCommit(): string | null {
    return this.#journal.lastCommit;
  }

  get keys(): number {
    return this.#journal.keys;
  }

  get records(): number {
    return this.#journal.records;
  }

  newest(key: string): JournalRecord | undefined {
    return this.#journal.newest(key);
  }

  noteRead(key: string, readAtSec: number): void {
    this.#journal.noteRead(key, readAtSec);
  }

  isLive(record: JournalRecord, nowMs: number): boolean {
    return this.#journal.isLive(record, nowMs);
  }

  attach(record: AttachedRecord): void {
    this.#journal.attach(record);
  }

  attachedTo(key: string): AttachedRecord | undefined {
    return this.#journal.attachedTo(key);
  }

  detach(key: string): void {
    this.#journal.detach(key);
  }

  get attached(): ReadonlyMap<string, AttachedRecord> {
    return this.#journal.attached;
  }

  recordIncomplete(needs: readonly Stretch[]): void {
    this.#journal.recordIncomplete(needs);
  }

  forget(record: JournalRecord): void {
    this.#journal.forget(record);
  }

  forgetEarly(record: JournalRecord): void {
    this.#journal.forgetEarly(record);
  }

  get forgotten(): VersionVector {
    return this.#journal.forgotten;
  }

  noteForgotten(times: readonly number[]): void {
    this.#journal.noteForgotten(times);
  }

  since(vector: VersionVector): Effect[] {
    return this.#journal.since(vector);
  }

  sample(limit: number): JournalRecord[] {
    return this.#journal.sample(limit);
  }

  walk(from?: number, places?: number): Iterator<JournalRecord, number | null> {
    return this.#journal.walk(from, places);
  }

  stage(effect: Effect): void {
    this.#journal.stage(effect);
  }

  discard(version: Version): void {
    this.#journal.discard(version);
  }

  recordWatermarks(marks: Watermarks): void {
    this.#journal.recordWatermarks(marks);
  }

  whenDurable(done: (error: string | null) => void): void {
    this.#journal.whenDurable(done);
  }

  valueOf(
    key: string,
    version: Version,
    done: (error: string | null, effect: SetEffect | null) => void,
  ): void {
    this.#journal.valueOf(key, version, done);
  }

  lacksValue(key: string, version: Version): boolean {
    return this.#journal.lacksValue(key, version);
  }

  addValue(effect: SetEffect): void {
    this.#journal.addValue(effect);
  }

  #add(effect: Effect): void {
    this.applied.push(effect);
    this.#ofThisRun.add(effect);
  }
}
