import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Journal, JournalRecord } from '../../../src/journal/journal.ts';
import { StagedRequests } from '../../../src/journal/staged-requests.ts';
import type { DeleteEffect } from '../../../src/ordering/effect.ts';
import { RequestQueue } from '../../../src/ordering/request-queue.ts';
import { UnconfirmedWrites } from '../../../src/replication/convergent/unconfirmed-writes.ts';
import { deleteOf } from '../../support/effects.ts';

/**
 * What a write holds is garbage once it is done, and a small collection must find it so: what other garbage keeps is
 * copied to old memory instead, where only a full collection ends it.
 */
describe('an object that is no longer needed is released at once', () => {
  it('by the request queue', () => {
    const queue = new RequestQueue();
    expectSteady((n, ballast) => {
      queue.push({ ...effectOf(n), ballast } as DeleteEffect, n).onOutcome = () => ballast.length;
      if (n > UNDER_WAY) queue.pop();
    });
  });

  it('by the requests that are staged on disk', () => {
    const held = new StagedRequests();
    expectSteady((n, ballast) => {
      held.add({ ...effectOf(n), ballast } as DeleteEffect, { file: 1, at: n });
      held.take(effectOf(n - UNDER_WAY).version);
    });
  });

  it('by writes that wait for the store', () => {
    let newest: JournalRecord | undefined;
    const journal = { newest: () => newest, revert: () => {} } as unknown as Journal;
    const unconfirmed = new UnconfirmedWrites(journal);
    expectSteady((n, ballast) => {
      newest = { ballast } as unknown as JournalRecord;
      unconfirmed.begin(effectOf(n).key);
      if (n > UNDER_WAY) unconfirmed.end(effectOf(n - UNDER_WAY), false);
    });
  });
});

/** Writes that are under way at any time. */
const UNDER_WAY = 50;

const WRITES = 8_000;

/** After so many writes a small collection: what has survived two of them is moved to old memory. */
const COLLECT_EVERY = 200;

/** Numbers that each write holds, 8 bytes each. */
const BALLAST = 500;

function effectOf(time: number): DeleteEffect {
  return deleteOf(`key-${time}`, { time, node: 0 });
}

/** Does many writes with small collections in between, and expects old memory to take in little of them. */
function expectSteady(write: (n: number, ballast: readonly number[]) => void): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  const run = (from: number, to: number): void => {
    for (let n = from; n <= to; n++) {
      write(n, Array.from({ length: BALLAST }, Math.random));
      if (n % COLLECT_EVERY === 0) collect({ type: 'minor' });
    }
  };
  run(1, WRITES / 4);
  // On a busy machine V8 may collect at a moment of its own. What is really kept, 8 MB, shows in every round.
  const grown = [1, 2, 3].map((round) => {
    collect();
    const before = process.memoryUsage().heapUsed;
    run((round * WRITES) / 4 + 1, ((round + 1) * WRITES) / 4);
    return process.memoryUsage().heapUsed - before;
  });
  expect(Math.min(...grown)).toBeLessThan(0.18 * WRITES * BALLAST * 8);
}
