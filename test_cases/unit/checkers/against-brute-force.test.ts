import { describe, expect, it } from 'vitest';
import { type Event, type History, sameAnswer, step, type Value } from '../../../src/checkers/history.ts';
import { findNonLinearizableKey } from '../../../src/checkers/linearizability.ts';
import { isSequentiallyConsistent } from '../../../src/checkers/sequential-consistency.ts';
import { type Applied, findSequentialViolation } from '../../checkers/sequential-witness.ts';
import { randomHistory } from '../../support/random-history.ts';

/** The checkers agree with the plainest possible ones, which try every order, on small random histories. */

const SEEDS = 1_500;

/** Every order of the events, those with an unknown outcome left out or not. */
function* orders(events: History): Generator<Event[]> {
  if (events.length === 0) yield [];
  for (const [i, first] of events.entries()) {
    const others = events.filter((_, j) => j !== i);
    for (const order of orders(others)) yield [first, ...order];
    if (first.answer.kind === 'unknown') yield* orders(others);
  }
}

/** What is applied when these are done one after the other; null when an answer is wrong. */
function run(order: readonly Event[]): Applied[] | null {
  const store = new Map<string, Value>();
  const applied: Applied[] = [];
  for (const event of order) {
    const before = store.get(event.key) ?? null;
    const { answer, next } = step(before, event.action);
    if (event.answer.kind !== 'unknown' && !sameAnswer(answer, event.answer)) return null;
    store.set(event.key, next);
    const kind = event.action.kind === 'delete' ? 'delete' : 'set';
    if (next !== before || kind === 'delete') applied.push({ key: event.key, kind, value: next });
  }
  return applied;
}

const inRealTime = (order: readonly Event[]) =>
  order.every((later, i) => order.slice(0, i).every((earlier) => earlier.invokedAt <= later.returnedAt));

describe('on random histories', () => {
  it('linearizability is what some order shows', () => {
    const verdicts = { right: 0, wrong: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const history = randomHistory(seed, 5, ['x']);
      let right = false;
      for (const order of orders(history)) right ||= inRealTime(order) && run(order) !== null;
      expect(findNonLinearizableKey(history) === null, `seed ${seed}`).toBe(right);
      verdicts[right ? 'right' : 'wrong']++;
    }
    expect(Math.min(verdicts.right, verdicts.wrong)).toBeGreaterThan(SEEDS / 20);
  });

  it('a sequentially consistent history has a witness that is accepted, and no other has one', () => {
    const verdicts = { right: 0, wrong: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const history = randomHistory(seed, 5, ['x', 'y']);
      const right = isSequentiallyConsistent(history);
      let accepted = false;
      for (const order of orders(history)) {
        const applied = run(order.filter(({ action }) => action.kind !== 'get').map(asUnknown));
        accepted ||= applied !== null && findSequentialViolation(history, applied, false) === null;
        if (accepted) break;
      }
      expect(accepted, `seed ${seed}`).toBe(right);
      verdicts[right ? 'right' : 'wrong']++;
    }
    expect(Math.min(verdicts.right, verdicts.wrong)).toBeGreaterThan(SEEDS / 20);
  });
});

/** A witness is only what was applied: that the answers fit is for the checker to see. */
function asUnknown(event: Event): Event {
  return { ...event, answer: { kind: 'unknown' } };
}
