import type { AnnouncedFlush, JournalRecord } from '../journal/journal.ts';
import { effectOfRecord } from '../journal/record-effect.ts';
import { type Effect, isOfKey, type SetEffect } from '../ordering/effect.ts';
import { sameVersion } from '../ordering/version.ts';
import { VersionVector } from '../ordering/version-vector.ts';
import { nextPartWrites, PART_WRITES_FIRST, readValues } from './exchange/feed-values.ts';
import type { Group } from './group.ts';
import type { RangePart } from './range-messages.ts';

/** What is sent next. */
export type NextPart = Pick<RangePart, 'state' | 'trouble' | 'effects' | 'depends'>;

/** Records of the journal that are looked at for one part. It bounds the cost of a part. */
const LOOKS_PER_PART = 2_048;

/** A round that brings no more than this shows that little is missing, in records. */
const LITTLE_RECORDS = 512;

/**
 * Reads the records of some keys of a group for a controller that has no part in it, in parts.
 *
 *  1. All records, newest version of each key, with tombstones and values.
 *  2. What the group has got since, in rounds, until the group takes no more writes of these keys. The last round is
 *     then followed by the end.
 *
 * A value that the local store has lost is fetched from the other members of the group first: they may be about to
 * forget it, and nobody in the group after could find it then. It is sent as it was fetched.
 *
 * The group forgets no tombstone meanwhile, which the owner of the feed sees to. A flush leaves no tombstones: after a
 * flush all begins anew.
 */
export class RangeFeed {
  readonly #group: Group;
  readonly #isOf: (key: string) => boolean;
  #walk: Iterator<JournalRecord> | null = null;
  /** What the group knew when the last round began. */
  #since = new VersionVector([]);
  #flushes: ReadonlySet<string> = new Set();
  #announced: AnnouncedFlush | null = null;
  #round: readonly Effect[] = [];
  #batchRecords = PART_WRITES_FIRST;
  #isBusy = false;
  /** How often values of the next part were looked for, and a member that may have them could not answer. */
  #searches = 0;
  /** The round under way is the last one. */
  #isLastRound = false;

  constructor(group: Group, isOf: (key: string) => boolean) {
    this.#group = group;
    this.#isOf = isOf;
    this.#begin();
  }

  /**
   * Reads the next part. Does nothing while one is being read.
   *
   * @param isBehindBarrier the group takes no more writes of these keys, and has all that any member of it has
   */
  next(isBehindBarrier: boolean, done: (part: NextPart) => void): void {
    if (this.#isBusy) return;
    if (this.#isFlushed()) return done(this.#anew());
    if (this.#round.length === 0 && this.#walk !== null) this.#readOn(this.#walk);
    if (this.#round.length > 0) return this.#readRound('more', done);
    if (this.#walk !== null) return done(partOf('more'));
    if (this.#isLastRound) return done(this.#end());
    const news = this.#group.replica.journal.since(this.#since);
    if (flushesIn(news).some((flush) => !this.#flushes.has(flush))) return done(this.#anew());
    this.#round = news.filter((effect) => isOfKey(effect) && this.#isOf(effect.key));
    this.#since = new VersionVector(this.#group.scheme.known.times());
    this.#isLastRound = isBehindBarrier;
    const state = this.#round.length <= LITTLE_RECORDS ? 'little' : 'more';
    if (this.#round.length > 0) this.#readRound(state, done);
    else done(partOf(state));
  }

  #begin(): void {
    const { scheme, replica } = this.#group;
    this.#since = new VersionVector(scheme.known.times());
    this.#flushes = new Set(flushesIn(replica.journal.since(this.#since)));
    this.#announced = replica.journal.announcedFlush;
    this.#walk = replica.journal.walk();
    this.#round = [];
    this.#isLastRound = false;
  }

  #anew(): NextPart {
    this.#begin();
    return partOf('anew');
  }

  /** A flush that is announced for later is due for these keys as well. */
  #end(): NextPart {
    const announced = this.#announced;
    const effects: readonly Effect[] = announced === null ? [] : [{ kind: 'flush-later', ...announced }];
    // mutant: feed-forgets-dependencies
    const depends = this.#group.scheme.sessions?.legacy() ?? [];
    return { ...partOf('end', effects), depends };
  }

  /** An announced flush has been carried out, or another one was announced, since all began. */
  #isFlushed(): boolean {
    return this.#group.replica.journal.announcedFlush?.version.time !== this.#announced?.version.time;
  }

  #readOn(walk: Iterator<JournalRecord>): void {
    const batch: Effect[] = [];
    for (let looks = 0; looks < LOOKS_PER_PART && batch.length < this.#batchRecords; looks++) {
      const { done, value: record } = walk.next();
      if (done === true) {
        this.#walk = null;
        break;
      }
      if (this.#isOf(record.key)) batch.push(effectOfRecord(record));
    }
    this.#round = batch;
  }

  /** The records stay in the round until their values are read. */
  #readRound(state: NextPart['state'], done: (part: NextPart) => void): void {
    const { scheme, replica, recovery } = this.#group;
    const batch = this.#round.slice(0, this.#batchRecords);
    const ports = {
      replica,
      afterPending: (key: string, callback: () => void) => scheme.afterPending(key, callback),
    };
    const end = (effects: readonly Effect[] | null, trouble: string): void => {
      this.#isBusy = false;
      if (effects === null) return done({ ...partOf('more'), trouble });
      this.#round = this.#round.slice(batch.length);
      this.#batchRecords = nextPartWrites(effects);
      this.#searches = 0;
      done(partOf(state, effects));
    };
    this.#isBusy = true;
    readValues(ports, batch, (effects) => {
      const missing = (effects ?? []).filter(isWithoutValue).map(({ key }) => key);
      // mutant: sends-lost-values
      if (effects === null || missing.length === 0) return end(effects, STORE_SILENT);
      recovery.fetch(missing, ({ found, unsettled }) => {
        const mayWait = !this.#isLastRound && ++this.#searches < SEARCHES_MAX;
        if (unsettled.length > 0 && mayWait)
          return end(null, 'a controller that may have some of the values can not be asked');
        // mutant: reads-again-what-was-found
        end(withFound(effects, found), '');
      });
    });
  }
}

/** Values are looked for so often while a member that may have them can't be asked; then they are taken for lost. */
const SEARCHES_MAX = 20;

const STORE_SILENT = 'its store does not answer';

function isWithoutValue(effect: Effect): effect is SetEffect {
  return effect.kind === 'set' && effect.value === null;
}

/**
 * The effects with the values that other members had. The local store has got these values too, but they are not read
 * from it again, because it may evict them at once.
 */
function withFound(effects: readonly Effect[], found: readonly SetEffect[]): readonly Effect[] {
  const byKey = new Map(found.map((effect) => [effect.key, effect]));
  return effects.map((effect) => {
    if (!isWithoutValue(effect)) return effect;
    const one = byKey.get(effect.key);
    if (one === undefined || !sameVersion(one.version, effect.version)) return effect;
    return { ...effect, flags: one.flags, value: one.value };
  });
}

function partOf(state: NextPart['state'], effects: readonly Effect[] = []): NextPart {
  return { state, trouble: '', effects, depends: [] };
}

/** The versions of the flushes among the effects. A flush that is announced for later is none yet. */
export function flushesIn(effects: readonly Effect[]): readonly string[] {
  const flushes = effects.filter(({ kind }) => kind === 'flush');
  return flushes.map(({ version: { time, node } }) => `${time}/${node}`);
}
