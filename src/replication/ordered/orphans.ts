import type { Journal, JournalRecord } from '../../journal/journal.ts';
import { conditionOf, type Effect, isOfKey, leavesEntry } from '../../ordering/effect.ts';
import type { QueuedRequest } from '../../ordering/pending-keys.ts';
import { compareVersions, sameVersion } from '../../ordering/version.ts';
import type { WriteOutcome } from '../scheme.ts';
import type { AskNumbers } from './agreement.ts';
import { type Stored, tell } from './proposed-write.ts';

export const VIEW_CHANGED: Extract<WriteOutcome, { kind: 'unknown' }> = Object.freeze({
  kind: 'unknown',
  code: 'VIEW_CHANGED',
  reason: 'the view changed while the write was under way',
});

/**
 * What became of a write that a view change left out, as far as the state of the new view tells.
 *
 *  1. The versions of a key only grow, and no version comes back.
 *  2. If the key still has the version that the write names as its condition, the write has not happened.
 *  3. If the version of the key is smaller than that of the write, the write has not happened.
 *  4. In every other case the state does not tell: the write may have happened, and may have been overwritten or
 *     flushed since.
 *
 * @param newest the newest write of the key, in a state that will never take the orphan in any more
 */
export function fateOfOrphan(
  effect: Effect,
  newest: JournalRecord | undefined,
): 'applied' | 'never' | 'unknown' {
  // mutant: tries-left-out-again
  if (newest === undefined || !isOfKey(effect)) return 'unknown';
  if (sameVersion(newest.version, effect.version)) return 'applied';
  const condition = conditionOf(effect);
  if (condition === null) return compareVersions(newest.version, effect.version) < 0 ? 'never' : 'unknown';
  return !newest.tombstone && sameVersion(newest.version, condition) ? 'never' : 'unknown';
}

/** The same, as it is told to the client. */
export function outcomeOfOrphan(effect: Effect, newest: JournalRecord | undefined): WriteOutcome {
  const became = fateOfOrphan(effect, newest);
  if (became === 'never') return { kind: 'conflict' };
  // The state does not tell whether a delete found something.
  if (became === 'applied' && leavesEntry(effect)) {
    return { kind: 'applied', existed: effect.condition !== null, version: effect.version };
  }
  return VIEW_CHANGED;
}

/** The outcome of a write that was agreed. @param stored where the answer has waited for the store: how that ended */
export function outcomeOf({ version }: Effect, existed: boolean, stored: Stored | null): WriteOutcome {
  if (stored === null) return { kind: 'applied', existed, version };
  const { error, agreedMs } = stored;
  if (error === null) return { kind: 'applied', existed, version, agreedMs };
  const reason = `agreed, but the local store failed: ${error.message}`;
  return { kind: 'unknown', code: 'STORE_FAILED', reason };
}

/** An orphan, and what became of it. */
export interface JudgedOrphan {
  readonly request: QueuedRequest<(outcome: WriteOutcome) => void>;
  readonly outcome: WriteOutcome;
}

/**
 * Requests of older views that the new view does not contain. The members may have applied them before this
 * controller was left out, or may never apply them. They wait here for the state of the new view, which tells what
 * became of most of them.
 */
export class Orphans {
  #requests: JudgedOrphan['request'][] = [];

  get isEmpty(): boolean {
    return this.#requests.length === 0;
  }

  add(requests: Iterable<JudgedOrphan['request']>): void {
    this.#requests.push(...requests);
  }

  /** Takes all of them out, for a view that may contain them again. */
  take(): readonly JudgedOrphan['request'][] {
    const requests = this.#requests;
    this.#requests = [];
    return requests;
  }

  /** Takes all of them out. @param journal in the state that the new view begins with */
  judge(journal: Journal): readonly JudgedOrphan[] {
    return this.take().map((request) => {
      const { effect } = request;
      const newest = isOfKey(effect) ? journal.newest(effect.key) : undefined;
      return { request, outcome: outcomeOfOrphan(effect, newest) };
    });
  }
}

/**
 * Tells those who wait for orphans what became of these. To be called once the union is applied: a request that waited
 * for an orphan has to see what stands before the orphan, too.
 *
 * A plain write may be followed by others of its client. Those that this controller has asked for, and that are not
 * stamped, are asked for again first. Therefore it is not tried again behind them: its client is told that the outcome
 * is unknown. What has a condition is followed by none before it is answered.
 *
 * @param asks see `OrderAgreement.asks`
 */
export function settleOrphans(judged: readonly JudgedOrphan[], asks: AskNumbers | null): void {
  // mutant: tries-again-behind-later-ones
  const isOvertaken = asks !== null && asks.settled < asks.last;
  for (const { request, outcome } of judged) {
    const isLate = isOvertaken && outcome.kind === 'conflict' && conditionOf(request.effect) === null;
    tell(request, isLate ? VIEW_CHANGED : outcome);
    for (const waiter of request.waiters ?? []) waiter();
  }
}
