import type { Journal, JournalRecord } from '../../journal/journal.ts';
import { conditionOf, type Effect, isOfKey } from '../../ordering/effect.ts';
import type { QueuedRequest } from '../../ordering/pending-keys.ts';
import { compareVersions, sameVersion } from '../../ordering/version.ts';
import type { WriteOutcome } from '../scheme.ts';

export const VIEW_CHANGED: WriteOutcome = Object.freeze({
  kind: 'unknown',
  code: 'VIEW_CHANGED',
  reason: 'the view changed while the write was under way',
});

/**
 * What became of a write that a view change left out, as far as the state of the new view tells.
 *
 * Versions of a key only grow, and none comes back. So a key that still has the version which the write named
 * as its condition has not been written by it; and one whose version is smaller than the write's own neither.
 * In every other case it can't be told: the write may have happened, and have been overwritten or flushed since.
 *
 * @param newest of the key, in a state that will never take the write in any more
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

/** The same, as it is told to who asked for the write. */
export function outcomeOfOrphan(effect: Effect, newest: JournalRecord | undefined): WriteOutcome {
  const became = fateOfOrphan(effect, newest);
  if (became === 'never') return { kind: 'conflict' };
  // Whether a delete found something can't be told any more.
  if (became === 'applied' && effect.kind === 'set') {
    return { kind: 'applied', existed: effect.condition !== null, version: effect.version };
  }
  return VIEW_CHANGED;
}

/** Of a write that was agreed and handed to the store. */
export function outcomeOf({ version }: Effect, existed: boolean, error: Error | null): WriteOutcome {
  if (error === null) return { kind: 'applied', existed, version };
  const reason = `agreed, but the local store failed: ${error.message}`;
  return { kind: 'unknown', code: 'STORE_FAILED', reason };
}

/** A request that a view change left out, and what became of it. */
export interface JudgedOrphan {
  readonly request: QueuedRequest<(outcome: WriteOutcome) => void>;
  readonly outcome: WriteOutcome;
}

/**
 * Requests of older views that are not in the new one: members may have applied them before this controller was left
 * out, or never will. They wait here until there is the state of the new view, from a member, which tells in most cases.
 */
export class Orphans {
  #requests: JudgedOrphan['request'][] = [];

  add(requests: Iterable<JudgedOrphan['request']>): void {
    this.#requests.push(...requests);
  }

  /** All of them, for a view that may have them again; none is left. */
  take(): readonly JudgedOrphan['request'][] {
    const requests = this.#requests;
    this.#requests = [];
    return requests;
  }

  /** Takes them out. @param journal in the state that the new view begins with */
  judge(journal: Journal): readonly JudgedOrphan[] {
    return this.take().map((request) => {
      const { effect } = request;
      const newest = isOfKey(effect) ? journal.newest(effect.key) : undefined;
      return { request, outcome: outcomeOfOrphan(effect, newest) };
    });
  }
}
