import { setTimeout as sleep } from 'node:timers/promises';
import type { LevelsStatus } from '../src/controller/status/status.ts';
import type { Level } from '../src/placement/level.ts';
import { ALL_LEVEL_CHANGES } from '../test_cases/support/all-level-changes.ts';
import { type Cluster, startCluster } from '../test_cases/support/cluster.ts';
import { ReconnectingLoad } from '../test_cases/support/reconnecting-load.ts';
import type { TextClient } from '../test_cases/support/text-client.ts';

/** A change of the level of all keys while clients read and write, and what it cost them. */
export interface SwitchFigures {
  readonly from: Level;
  readonly to: Level;
  /** From the request for the change until the last step of it. */
  readonly seconds: number;
  /** The longest time in which a client waited for an answer meanwhile, in milliseconds. */
  readonly longestWaitMs: number;
  /** Requests of clients that were answered meanwhile. */
  readonly requests: number;
  /** The error replies, and the requests whose connection ended. */
  readonly failed: number;
  /** The first error reply; empty for none. */
  readonly firstError: string;
}

export interface SwitchesPorts {
  readonly keys: number;
  readonly signal: AbortSignal;
  /** Reports the current step in a few words. */
  readonly tell: (words: string) => void;
}

const FIRST: Level = 'linearizability';

/** A machine that is busy for a moment is no failure of a controller. All else has its default. */
const SETTINGS = { durability: 'async', threshold: '20', lease_time: '2', request_timeout: '20' };

const VALUE = 'x'.repeat(100);
const SETS_AT_ONCE = 500;

/** So long the load runs before a change is asked for, and after it, in milliseconds. */
const BEFORE_MS = 1_500;
const AFTER_MS = 300;

const POLL_MS = 20;

/** A change that takes longer has failed, in milliseconds. */
const WITHIN_MS = 120_000;

/**
 * Measures each change between two levels on a cluster of three with a journal, while four clients of each controller
 * read and write.
 *
 * @throws when a change is refused, or does not come to its end
 */
export async function measureSwitches(ports: SwitchesPorts): Promise<SwitchFigures[]> {
  const { keys, signal, tell } = ports;
  tell(`switches: starting, ${keys} keys`);
  await using cluster = await startCluster({ level: FIRST, settings: SETTINGS });
  await fill(cluster, keys);
  const figures: SwitchFigures[] = [];
  let from = FIRST;
  for (const [turn, to] of ALL_LEVEL_CHANGES.entries()) {
    if (signal.aborted) break;
    tell(`switches: ${from} to ${to}`);
    figures.push(await measureOne(cluster, turn % cluster.controllers.length, from, to));
    from = to;
  }
  return figures;
}

async function fill(cluster: Cluster, keys: number): Promise<void> {
  using client = await cluster.client(0);
  for (let from = 0; from < keys; from += SETS_AT_ONCE) {
    const part = Array.from({ length: Math.min(SETS_AT_ONCE, keys - from) }, (_, at) => `kept-${from + at}`);
    const answers = await Promise.all(part.map((key) => client.set(key, VALUE)));
    const refused = answers.find((answer) => answer !== 'STORED');
    if (refused !== undefined) throw new Error(`a key was not stored: ${refused}`);
  }
}

async function measureOne(cluster: Cluster, id: number, from: Level, to: Level): Promise<SwitchFigures> {
  using client = await cluster.client(id);
  const load = new ReconnectingLoad(cluster);
  try {
    await sleep(BEFORE_MS);
    load.longestMs = 0;
    const [before, startedAt] = [load.answers, performance.now()];
    await client.lines(`keyspace default ${to}`);
    await untilAt(client, to, startedAt + WITHIN_MS);
    const seconds = (performance.now() - startedAt) / 1_000;
    await sleep(AFTER_MS);
    await load.stop();
    const { longestMs, answers, errors, cutOff } = load;
    return {
      from,
      to,
      seconds,
      longestWaitMs: longestMs,
      requests: answers - before,
      failed: errors.length + cutOff,
      firstError: errors[0] ?? '',
    };
  } finally {
    await load.stop();
  }
}

async function untilAt(client: TextClient, level: Level, deadline: number): Promise<void> {
  for (;;) {
    const [json] = await client.lines('keyspace json');
    const { move, keyspaces } = JSON.parse(json!) as LevelsStatus;
    if (move === null && keyspaces[0]!.level === level) return;
    if (performance.now() > deadline) throw new Error(`${level} was not reached: ${JSON.stringify(move)}`);
    await sleep(POLL_MS);
  }
}
