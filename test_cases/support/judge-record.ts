import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findDifference } from '../../src/checkers/convergence.ts';
import type { Event, History, Value } from '../../src/checkers/history.ts';
import { checkLinearizability } from '../../src/checkers/linearizability.ts';
import { isSequentiallyConsistent } from '../../src/checkers/sequential-consistency.ts';
import { findRegression } from '../../src/checkers/session-order.ts';
import { findMiscount } from '../checkers/exactly-once.ts';
import { findInvented } from '../checkers/invented.ts';
import type { LoadRecord } from './recorded-client.ts';

/** The key that is only incremented, from 0. */
export const COUNTER = 'counter';

export type Level = 'linearizability' | 'sequential';

/** The keys of one pair, by the name of the pair: their history is searched for any valid order. */
const PAIR = /^pair-\d+/;
const EXACT_MAX = 24;
/** The largest fraction of keys whose search may be given up: with many unknown outcomes it may take too long. */
const UNDECIDED_MAX = 0.05;

/**
 * Checks the observations of the clients against the promise of the level, and keeps the history when it breaks it.
 *
 * @param finalReads the state of each controller at the end, by key
 * @throws with every violation in words
 */
export function judge(
  level: Level,
  record: LoadRecord,
  finalReads: readonly ReadonlyMap<string, Value>[],
): void {
  const { history, seen } = record;
  const found = [
    ...record.violations,
    ...(level === 'linearizability' ? findNonLinearizable(history) : findNonSequential(history)),
    findRegression(seen),
    findDifference(finalReads),
    findInvented(
      withoutCounter(history),
      [...finalReads[0]!].filter(([key]) => key !== COUNTER),
    ),
    findMiscount(history, COUNTER, 0, Number(finalReads[0]!.get(COUNTER) ?? Number.NaN)),
  ].filter((violation) => violation !== null);
  if (found.length === 0) return;
  const file = join(mkdtempSync(join(tmpdir(), 'memchorus-history-')), 'history.json');
  writeFileSync(file, JSON.stringify(history.map(forJson), null, 1));
  throw new Error(`${found.slice(0, SHOWN_MAX).join('\n')}\nthe history of ${level} is in ${file}`);
}

const SHOWN_MAX = 10;

function findNonLinearizable(history: History): string[] {
  const verdicts = [...checkLinearizability(history)];
  const undecided = verdicts.filter(([, verdict]) => verdict === 'undecided').map(([key]) => key);
  const violated = verdicts.filter(([, verdict]) => verdict === 'violated').map(([key]) => key);
  return [
    ...violated.map((key) => `${key} is not linearizable`),
    ...(undecided.length > verdicts.length * UNDECIDED_MAX
      ? [`no verdict on ${undecided.join(' and ')} of ${verdicts.length} keys`]
      : []),
  ];
}

/**
 * A valid order of all operations contains one for the operations on some keys. Therefore each pair of keys can be
 * checked alone, from its first operation to its last.
 */
function findNonSequential(history: History): string[] {
  const ofPair = new Map<string, Event[]>();
  for (const event of history) {
    const pair = PAIR.exec(event.key)?.[0];
    if (pair === undefined) continue;
    ofPair.set(pair, [...(ofPair.get(pair) ?? []), event]);
  }
  const small = [...ofPair].filter(([, events]) => events.length <= EXACT_MAX);
  if (small.length === 0) return ['no history was small enough for an exact search'];
  return small.flatMap(([pair, events]) =>
    isSequentiallyConsistent(events) ? [] : [`${pair} is not sequentially consistent`],
  );
}

function withoutCounter(history: History): History {
  return history.filter(({ key }) => key !== COUNTER);
}

/** An event for JSON, which has no infinity. */
function forJson(event: Event): object {
  return { ...event, returnedAt: Number.isFinite(event.returnedAt) ? event.returnedAt : 'never' };
}
