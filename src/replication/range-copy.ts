import type { VersionTime, WallMs } from '../base/number-kinds.ts';
import type { AnnouncedFlush, JournalRecord } from '../journal/journal.ts';
import { effectOfRecord } from '../journal/record-effect.ts';
import { type Effect, isOfKey } from '../ordering/effect.ts';
import { sameVersion } from '../ordering/version.ts';
import { VersionVector } from '../ordering/version-vector.ts';
import { nextPartWrites, PART_WRITES_FIRST, readValues } from './exchange/feed-values.ts';
import type { Group } from './group.ts';
import { flushesIn } from './range-feed.ts';
import { RangePurge } from './range-purge.ts';

export interface RangeCopyPorts {
  readonly from: Group;
  readonly to: Group;
  /** The key is in the keyspace that is moved. */
  readonly isOf: (key: string) => boolean;
  readonly nextTurn: (callback: () => void) => void;
}

/**
 * Records of the journal that are looked at in one step. It bounds the cost of a step, whatever the number of keys.
 */
const LOOKS_PER_STEP = 2_048;

/** A round that copied no more than this shows that little is missing, in records. */
const LITTLE_RECORDS = 512;

/** Between two rounds while little is missing, in steps. */
const STEPS_BETWEEN_ROUNDS = 10;

/**
 * Copies the records of a keyspace from one group of this controller to another, while the first one serves.
 * Versions, times to live, tokens, marks, tombstones and, for a journal on disk, values are copied. The store has
 * the values already, and is not written to.
 *
 *  1. What an earlier attempt has left in the second group is forgotten.
 *  2. All records are copied, a few at a time.
 *  3. What the first group has got since is copied, again until that is little, and once more at the end, when the
 *     first group takes no writes of the keyspace any more.
 *
 * The first group forgets no tombstone meanwhile. So a record that was copied and then deleted is followed by its
 * tombstone. A flush leaves no tombstones: after a flush the copying begins anew.
 */
export class RangeCopy {
  readonly #ports: RangeCopyPorts;
  #purge: RangePurge | null = null;
  #walk: Iterator<JournalRecord> | null = null;
  /** What the first group knew when the last round began. */
  #since = new VersionVector([]);
  /** The versions of flushes that were no news when the copying began. */
  #flushes: ReadonlySet<string> = new Set();
  /** The announced flush that was not carried out then. */
  #announced: AnnouncedFlush | null = null;
  /** What is left to copy of the round. */
  #round: readonly Effect[] = [];
  #batchRecords = PART_WRITES_FIRST;
  #idleSteps = 0;
  #isBusy = false;
  #isCopied = false;
  /** When the first group stopped taking writes, in cluster time; null until then. */
  #expiredBeforeMs: WallMs | null = null;
  /** Keys that were copied with an entry that expires, where the second group is ordered and the first one is not. */
  #mortal = new Set<string>();
  /** The round under way is the last one. */
  #isFinishing = false;
  #isFinished = false;
  #copied = 0;
  #surplusKeys = 0;
  /** Of each origin, the newest time among the copied records. */
  #newest: VersionTime[] = [];
  #losses: number | null = null;
  trouble = '';
  #isOver = false;

  constructor(ports: RangeCopyPorts) {
    this.#ports = ports;
    ports.from.scheme.keepsAll = true;
    this.#begin();
  }

  /** The second group had all but little, at some moment since the copying began. */
  get isCopied(): boolean {
    return this.#isCopied;
  }

  get copied(): number {
    return this.#copied;
  }

  /** Entries that the second group has got, while the first one serves them. */
  get surplusKeys(): number {
    return this.#surplusKeys;
  }

  /** The newest version time of each origin among what was copied. */
  get newest(): readonly VersionTime[] {
    return this.#newest;
  }

  /** Gives the hand-over up, or ends it: the first group may forget again. */
  end(): void {
    this.#isOver = true;
    this.#ports.from.scheme.keepsAll = false;
  }

  /** To be called every few milliseconds. */
  step(): void {
    if (this.#isBusy || this.#isOver || this.#isFinished) return;
    if (this.#purge !== null) {
      this.#purge.step();
      if (!this.#purge.isDone) return;
      this.#purge = null;
      this.#beginCopy();
    }
    if (this.#isFlushed()) return this.#begin();
    if (this.#round.length === 0 && this.#walk !== null) this.#readOn(this.#walk);
    if (this.#round.length > 0) this.#copyRound();
    else if (this.#walk === null) this.#endRound();
  }

  /**
   * The first group takes no writes any more: what is missing is copied once more.
   *
   * @param expiredBeforeMs a moment of cluster time, the same on all controllers, after all of them began to copy
   */
  finish(expiredBeforeMs: WallMs): void {
    this.#expiredBeforeMs = expiredBeforeMs;
  }

  /** All of it is in the second group. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  get from(): Group {
    return this.#ports.from;
  }

  get to(): Group {
    return this.#ports.to;
  }

  /**
   * The second group serves the keyspace from now on. What it knows of the writes of each origin, and of the values in
   * the store, is what the first group knew.
   */
  settle(): void {
    const { from, to } = this.#ports;
    to.scheme.adopt(this.#newest);
    to.recovery.takeOver(from.recovery, this.#losses);
  }

  #begin(): void {
    const { to, isOf } = this.#ports;
    this.#isCopied = false;
    this.#isFinishing = false;
    this.#walk = null;
    this.#round = [];
    this.#purge = new RangePurge(to.replica.journal, isOf);
  }

  #beginCopy(): void {
    const { from } = this.#ports;
    this.#copied = 0;
    this.#surplusKeys = 0;
    this.#mortal.clear();
    this.#newest = from.scheme.known.times().map(() => 0);
    this.#since = new VersionVector(from.scheme.known.times());
    this.#flushes = new Set(flushesIn(from.replica.journal.since(this.#since)));
    this.#announced = from.replica.journal.announcedFlush;
    this.#walk = from.replica.journal.walk();
  }

  /** An announced flush has been carried out, or another one was announced, since the copying began. */
  #isFlushed(): boolean {
    const now = this.#ports.from.replica.journal.announcedFlush;
    return now?.version.time !== this.#announced?.version.time;
  }

  /** Takes the next records of the walk as what is to be copied. */
  #readOn(walk: Iterator<JournalRecord>): void {
    const batch: Effect[] = [];
    for (let looks = 0; looks < LOOKS_PER_STEP && batch.length < this.#batchRecords; looks++) {
      const { done, value: record } = walk.next();
      if (done === true) {
        this.#walk = null;
        break;
      }
      if (this.#ports.isOf(record.key)) batch.push(effectOfRecord(record));
    }
    this.#round = batch;
  }

  /** The next round has what the first group has got since the last one began. */
  #endRound(): void {
    const { from } = this.#ports;
    if (this.#isFinishing) return this.#finished();
    const isLast = this.#expiredBeforeMs !== null;
    if (!isLast && this.#isCopied && ++this.#idleSteps < STEPS_BETWEEN_ROUNDS) return;
    this.#idleSteps = 0;
    const known = new VersionVector(from.scheme.known.times());
    const news = from.replica.journal.since(this.#since);
    if (flushesIn(news).some((flush) => !this.#flushes.has(flush))) return this.#begin();
    this.#round = news.filter((effect) => this.#isMissing(effect));
    this.#since = known;
    if (this.#round.length <= LITTLE_RECORDS) this.#isCopied = true;
    this.#isFinishing = isLast;
    if (isLast || this.#round.length > 0) this.step();
  }

  #isMissing(effect: Effect): boolean {
    const { to, isOf } = this.#ports;
    if (!isOfKey(effect) || !isOf(effect.key)) return false;
    const copied = to.replica.journal.newest(effect.key);
    return copied === undefined || !sameVersion(copied.version, effect.version);
  }

  /** Copies the next records of the round. They stay in it until that is done. */
  #copyRound(): void {
    const { from, to, nextTurn } = this.#ports;
    const { state } = to.replica.journal;
    this.trouble = state.writable ? '' : state.reason;
    if (!state.writable) return;
    const batch = this.#round.slice(0, this.#batchRecords);
    this.#isBusy = true;
    const { scheme, replica } = from;
    const ports = {
      replica,
      afterPending: (key: string, callback: () => void) => scheme.afterPending(key, callback),
    };
    readValues(ports, batch, (effects) => {
      this.#isBusy = false;
      if (this.#isOver) return;
      this.trouble = effects === null ? 'its store does not answer' : '';
      if (effects === null) return;
      this.#round = this.#round.slice(batch.length);
      for (const effect of effects) this.#take(effect);
      this.#batchRecords = nextPartWrites(effects);
      nextTurn(() => this.step());
    });
  }

  #take(effect: Effect): void {
    const { from, to } = this.#ports;
    if (!isOfKey(effect)) return;
    const { journal } = to.replica;
    const keysBefore = journal.keys;
    const { node, time } = effect.version;
    // mutant: feeds-what-is-copied
    to.replica.copied.advance(node, time);
    // mutant: hand-over-forgets-tombstones
    if (!journal.record(effect)) return;
    this.#copied++;
    this.#surplusKeys += journal.keys - keysBefore;
    const isEndedByEach = from.scheme.views === null && to.scheme.views !== null;
    if (isEndedByEach && effect.kind === 'set' && effect.expiresAtMs !== 0) this.#mortal.add(effect.key);
    this.#newest[node] = Math.max(this.#newest[node] ?? 0, time);
    const readAtSec = from.replica.journal.newest(effect.key)?.readAtSec ?? 0;
    if (readAtSec > 0) journal.noteRead(effect.key, readAtSec);
  }

  /**
   * A convergent group has no agreed end of an entry: each replica forgets an expired one by itself. So this controller
   * may have copied an entry that another one had forgotten before it began to copy. In an ordered group a condition
   * would then be met here and not there.
   *
   * An entry that any controller has forgotten had expired `EXPIRED_FOR_MS` before that controller began to copy. So it
   * had expired before the barrier by the cluster time of any controller, and all controllers forget what had.
   */
  #forgetExpired(beforeMs: WallMs): void {
    const { from, to } = this.#ports;
    for (const key of this.#mortal) {
      const record = to.replica.journal.newest(key);
      if (record === undefined || record.expiresAtMs === 0 || record.expiresAtMs > beforeMs) continue;
      if (!record.tombstone) this.#surplusKeys--;
      // mutant: hands-over-what-others-have-forgotten
      to.replica.journal.forget(record);
      from.replica.dropValue(key);
    }
    this.#mortal.clear();
  }

  /** A flush that is announced for later is due for the keyspace as well. */
  #finished(): void {
    const { from, to, isOf } = this.#ports;
    this.#forgetExpired(this.#expiredBeforeMs!);
    const announced = from.replica.journal.announcedFlush;
    if (announced !== null) to.replica.journal.record({ kind: 'flush-later', ...announced });
    from.replica.unstored.addTo(to.replica.unstored, isOf);
    // mutant: copy-forgets-dependencies
    to.scheme.sessions?.inherit(from.scheme.sessions?.legacy() ?? []);
    this.#losses = from.recovery.lossesWhenFull;
    this.#isFinished = true;
  }
}
