import { findCausalViolation } from '../../src/checkers/causal-convergence.ts';
import { findDifference, type State } from '../../src/checkers/convergence.ts';
import type { History } from '../../src/checkers/history.ts';
import { checkLinearizability } from '../../src/checkers/linearizability.ts';
import { isSequentiallyConsistent } from '../../src/checkers/sequential-consistency.ts';
import type { SessionHistory } from '../../src/checkers/session-history.ts';
import { findRegression } from '../../src/checkers/session-order.ts';
import { isOrdered } from '../../src/consistency/policies.ts';
import { type Effect, isOfKey } from '../../src/ordering/effect.ts';
import { compareVersions, type Version } from '../../src/ordering/version.ts';
import type { Level } from '../../src/placement/level.ts';
import { findMiscount } from '../checkers/exactly-once.ts';
import { findWrongExpiry } from '../checkers/expiry.ts';
import { findInvented } from '../checkers/invented.ts';
import { findExcessDelete, findLost } from '../checkers/last-write.ts';
import { type Applied, findSequentialViolation } from '../checkers/sequential-witness.ts';
import { findBrokenGuarantee } from '../checkers/session-guarantees.ts';
import { findStale } from '../checkers/staleness.ts';
import { keyOf } from '../support/effects.ts';
import { mergedWrites, valuesOf } from './applied-writes.ts';
import { expiryOf, isFleeting } from './expiry.ts';
import { everyNode, type Judged, type JudgedNode, type JudgedRecord } from './judged.ts';
import type { LevelSwitches } from './level-switches.ts';
import { seenForGood, unavoidableDeletes, withoutLost } from './loss.ts';
import { COUNTER, type Scenario } from './scenario.ts';
import { type AgesRecorder, isAged } from './sim-ages.ts';
import { DRIFT_MAX } from './sim-clock.ts';
import type { Loss } from './sim-cluster.ts';
import { isOfSessions } from './sim-sessions.ts';
import type { Violation, ViolationKind } from './violation.ts';

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly undecided: number;
  /** The whole history was small enough to try all orders. */
  readonly searched: boolean;
}

/** Histories up to this size are searched for any order at all. Longer ones have to fit the order of the replicas. */
const EXACT_MAX = 24;

/**
 * Compares what clients and replicas saw with what the level promises.
 *
 * @param values what every controller answered for every key after all faults were healed
 * @param switches that were carried out; null where no level was changed
 */
export function judge(
  scenario: Scenario,
  cluster: Judged,
  recorder: JudgedRecord,
  values: readonly State[],
  sessions: SessionHistory,
  ages: AgesRecorder,
  switches: LevelSwitches | null,
): Verdict {
  const violations: Violation[] = [];
  const note = (kind: ViolationKind, text: string | null): void => {
    if (text !== null) violations.push({ kind, text });
  };
  const losses = lossesAt(scenario.level, cluster);
  const whole = withoutLost(recorder.history, losses);
  const ordered = isOrdered(scenario.level);
  // Where the controllers agree on writes, one that is lost takes the older ones of its key with it.
  const gone = ordered ? keysLost(cluster) : new Set<string>();
  const isAtEnd = (key: string) => !isOfSessions(key) && !isAged(key) && !gone.has(key);
  const atEnd = new Map([...values[0]!].filter(([key]) => isAtEnd(key)));
  const isJudgedKey = (key: string) => !isFleeting(key) && !isAged(key) && !gone.has(key);
  const history = whole.filter(({ key }) => isJudgedKey(key));
  let undecided = 0;
  for (const what of recorder.unanswered) note('unanswered', what);
  const strictPartOf = (part: History): History => {
    // A weaker read need not fit the real-time order. It has to fit the order of its own level, which is checked below.
    const strong = part.filter(({ weaker }) => weaker === undefined);
    if (ordered && switches !== null) return switches.strictPartOf(strong);
    return scenario.level === 'linearizability' ? strong : [];
  };
  for (const [key, verdict] of checkLinearizability(strictPartOf(history))) {
    if (verdict === 'violated') note('not-linearizable', `key ${key}`);
    if (verdict === 'undecided') undecided++;
  }
  if (ordered) note('not-sequential', findSequentialViolation(history, appliedWithout(gone, cluster), false));
  const planned = withoutLost(recorder.planned, losses).filter(({ key }) => isJudgedKey(key));
  const searched = ordered && planned.length <= EXACT_MAX;
  if (searched && !isSequentiallyConsistent(planned)) {
    note('not-sequential', 'no order of the whole history fits');
  }
  if (ordered && !gone.has(COUNTER) && keepsCounter(scenario) && values[0]!.has(COUNTER)) {
    const end = Number(values[0]!.get(COUNTER) ?? Number.NaN);
    note('miscounted', findMiscount(history, COUNTER, 0, end));
  }
  if (!ordered) {
    note('invented', findExcessDelete(history, appliedIn(cluster, unavoidableDeletes), recorder.doubtful));
    note('lost', findForgotten(cluster.nodes));
    if (cluster.durability !== 'none' || !wasKilled(cluster))
      note('lost', findLost(history, appliedIn(cluster), atEnd));
  }
  note('too-old', findTooOld(scenario, cluster, ages));
  if (scenario.level === 'causal') note('not-causal', findBrokenSession(scenario, cluster, sessions));
  const fleeting = whole.filter(({ key }) => isFleeting(key));
  note(
    'wrong-time',
    findWrongExpiry(fleeting, expiryOf(scenario, cluster, strictPartOf(fleeting))) ?? findUnremoved(cluster),
  );
  note('went-back', findRegression(seenForGood(recorder.seen, losses)));
  note(
    'diverged',
    findDifference(values) ?? findDifference(journalsOf(cluster)) ?? findLostInStores(cluster),
  );
  note('invented', findInvented(history, atEnd));
  // A controller that does not vote refuses requests.
  const isWhole = (scenario.members ?? []).length === 0;
  if (isWhole && hasNoFaults(scenario) && recorder.failures > 0) {
    note('failed-without-fault', `${recorder.failures} operations`);
  }
  return { violations, undecided, searched };
}

/** Where a level that holds for some time lets a controller answer alone, its death alone may lose what it answered. */
function lossesAt(level: Level, { losses, lossesAlone }: Judged): readonly Loss[] {
  return isOrdered(level) ? losses : [...losses, ...lossesAlone];
}

/** The part of a controller that tells what it remembers. */
type Remembering = Pick<JudgedNode, 'id' | 'incarnation' | 'journal'>;

/**
 * A controller that never lost its memory ends with the newest write of every key that it ever knew, or with a newer
 * one. So an entry that it once had, and that the others still have, is not gone.
 */
export function findForgotten(nodes: readonly Remembering[]): string | null {
  for (const { id, incarnation, journal } of nodes) {
    if (incarnation > 1) continue;
    const applied = journal.applied.filter(isJudged);
    const flush = newestOf(applied.filter(({ kind }) => kind === 'flush'));
    const writes = applied.filter(isOfKey);
    for (const key of new Set(writes.map((effect) => effect.key))) {
      const last = newestOf(writes.filter((effect) => effect.key === key));
      const now = journal.newest(key)?.version;
      const known = last?.kind === 'delete' && now === undefined;
      if (
        last === undefined ||
        known ||
        (flush !== undefined && compareVersions(flush.version, last.version) > 0)
      )
        continue;
      if (now === undefined || compareVersions(now, last.version) < 0)
        return `n${id} knew ${key} as of ${last.version.time}/${last.version.node}, and does not any more`;
    }
  }
  return null;
}

/** Whether the checkers of values know this effect. Entries that expire have a checker of their own. */
function isJudged(effect: Effect): boolean {
  return (
    effect.kind !== 'flush-later' && !(isOfKey(effect) && (isFleeting(effect.key) || isAged(effect.key)))
  );
}

/**
 * Entries that have expired long ago must have been removed. At `eventual` one exception holds, for deletions as well:
 * a write whose origin died before the others knew that they have everything up to it stays until the origin writes
 * again.
 */
function findUnremoved(cluster: Judged): string | null {
  if (!isOrdered(cluster.level) && wasKilled(cluster)) return null;
  for (const { id, journal } of cluster.nodes) {
    const key = [...journal.liveKeys()].find(isFleeting);
    if (key !== undefined) return `n${id} has not removed ${key}, which has expired`;
  }
  return null;
}

/**
 * What sessions saw is causal, and keeps the four guarantees. Not judged is what was lost for good: everything where
 * controllers lost what was not on their disks, or abandoned it since they had been away for longer than deletions are
 * kept; keys whose value every store has lost; and reads of writes that were never answered, where a controller was
 * killed.
 */
function findBrokenSession(scenario: Scenario, cluster: Judged, sessions: SessionHistory): string | null {
  const flushes = scenario.clients.some(({ operations }) => operations.some(({ kind }) => kind === 'flush'));
  const isLost = cluster.durability === 'sync' ? cluster.losses.length > 0 : wasKilled(cluster);
  if (flushes || isLost) return null;
  const deleted = new Set(appliedIn(cluster).flatMap(({ kind, key }) => (kind === 'delete' ? [key] : [])));
  // What a read shows need not be on any disk before the write is answered.
  const isInDoubt = (value: string | null) =>
    wasKilled(cluster) && sessions.some((one) => one.isUnknown === true && one.value === value);
  const history = sessions.filter(
    ({ key, kind, value }) => !deleted.has(key) && !(kind === 'read' && isInDoubt(value)),
  );
  return findCausalViolation(history) ?? findBrokenGuarantee(history);
}

/**
 * Reads with a bound on staleness. Not judged are keys whose value every store has lost. Writes of runs that have ended
 * count where they are on disk once they are answered, unless a journal was given up; and else at the ordered levels as
 * long as no controller was killed.
 */
function findTooOld(scenario: Scenario, cluster: Judged, { events }: AgesRecorder): string | null {
  const flushes = scenario.clients.some(({ operations }) => operations.some(({ kind }) => kind === 'flush'));
  if (flushes) return null;
  const applied = everyNode(cluster)
    .flatMap(({ journal }) => journal.applied)
    .filter(isOfKey);
  const deleted = new Set(applied.flatMap(({ kind, key }) => (kind === 'delete' ? [key] : [])));
  const mayLose = !isOrdered(cluster.level) || wasKilled(cluster);
  const excusesEnded = cluster.durability === 'sync' ? cluster.losses.length > 0 : mayLose;
  const judged = events.filter(({ key }) => !deleted.has(key));
  return findStale(judged, 2 * DRIFT_MAX, excusesEnded);
}

function newestOf<E extends Effect>(effects: readonly E[]): E | undefined {
  return effects.toSorted((a, b) => compareVersions(a.version, b.version)).at(-1);
}

function keepsCounter({ clients }: Scenario): boolean {
  return clients.every(({ operations }) => operations.every(({ kind }) => kind !== 'flush'));
}

/**
 * Where a controller answers alone and nothing is on disk, one that died may have been the only one that knew a write.
 */
function wasKilled(cluster: Judged): boolean {
  return everyNode(cluster).some((node) => node.incarnation > 1);
}

/** Whether nothing can fail or be late. On a path that loses packets, messages can be late. */
function hasNoFaults({ faults, absence, delays }: Scenario): boolean {
  return faults.length === 0 && absence.nodes.length === 0 && delays.kind === 'uniform';
}

function appliedWithout(keys: ReadonlySet<string>, cluster: Judged): Applied[] {
  return appliedIn(cluster).filter(({ key }) => !keys.has(key));
}

/** The writes that controllers applied, as the checkers know them. @param excused finds those to leave out */
function appliedIn(cluster: Judged, excused: typeof unavoidableDeletes = () => new Set()): Applied[] {
  const inOrder = writesIn(cluster);
  const leftOut = excused(cluster, inOrder);
  const values = valuesOf(inOrder);
  return inOrder
    .filter((effect) => !leftOut.has(effect))
    .map((effect) => {
      const { kind } = effect;
      if (kind === 'flush-later' || kind === 'flush-due') throw new Error(`unexpected: ${kind}`);
      const value = values.get(effect) ?? null;
      return { key: keyOf(effect) ?? '', kind: kind === 'join' ? 'set' : kind, value };
    });
}

/** The keys of which a write was lost as no promise excludes. */
function keysLost(cluster: Judged): Set<string> {
  return new Set([...unavoidableDeletes(cluster, writesIn(cluster))].filter(isOfKey).map(({ key }) => key));
}

/** Every write that any controller applied, in the order of versions. */
function writesIn(cluster: Judged): Effect[] {
  return mergedWrites(everyNode(cluster).map(({ journal }) => journal.applied.filter(isJudged)));
}

/** For each controller, the versions of all entries that its journal names. */
function journalsOf(cluster: Judged): State[] {
  return cluster.nodes.map(({ journal }) => {
    const lasting = [...journal.liveKeys()].filter((key) => !isFleeting(key));
    const versions = lasting.map((key) => {
      const { time, node } = journal.newest(key)!.version;
      return [key, `${time}/${node}`] as const;
    });
    return new Map(versions);
  });
}

/** Finds a store that lacks an entry of its controller's journal after all keys were read. */
function findLostInStores(cluster: Judged): string | null {
  return findMissingInStores(cluster, () => true);
}

/** Finds a store that lacks an entry of its controller's journal although another store has it. */
export function findUnfilled(cluster: Judged): string | null {
  return findMissingInStores(cluster, (key, version) =>
    cluster.nodes.some(({ store }) => store.holds(key, version)),
  );
}

function findMissingInStores(
  { nodes }: Judged,
  counts: (key: string, version: Version) => boolean,
): string | null {
  for (const { id, journal, store } of nodes) {
    for (const key of journal.liveKeys()) {
      const { version } = journal.newest(key)!;
      if (isFleeting(key)) continue;
      if (store.holds(key, version) || !counts(key, version)) continue;
      return `the store of n${id} does not hold the newest ${key}`;
    }
  }
  return null;
}
