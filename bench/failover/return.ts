import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, startCluster } from '../../test_cases/support/cluster.ts';

const VALUE = Buffer.alloc(100, 'v');
const SETS_AT_ONCE = 500;
const POLL_MS = 5;
const VICTIM = 2;

/**
 * @returns by what the controller finds on its return, the times from its start to its first answer to a
 *   strong read, in milliseconds
 */
export async function returnTimes(
  level: string,
  keys: number,
  times: number,
): Promise<Map<string, number[]>> {
  await using cluster = await startCluster({ level });
  await fill(cluster, keys);
  const found = new Map<string, number[]>([
    ['with its memcached as it was', []],
    ['with its memcached empty', []],
  ]);
  for (const [what, all] of found) {
    for (let time = 0; time < times; time++) {
      await cluster.kill(VICTIM);
      if (what.endsWith('empty')) {
        await cluster.memcached(VICTIM).kill();
        await cluster.memcached(VICTIM).start();
      }
      const startedAt = performance.now();
      cluster.start(VICTIM);
      await untilAnswered(cluster, `key-${time}`);
      all.push(performance.now() - startedAt);
      await cluster.ready();
    }
  }
  return found;
}

async function fill(cluster: Cluster, keys: number): Promise<void> {
  using client = await cluster.client(0);
  for (let from = 0; from < keys; from += SETS_AT_ONCE) {
    const count = Math.min(SETS_AT_ONCE, keys - from);
    const sets = Array.from({ length: count }, (_, i) => client.store('set', `key-${from + i}`, VALUE));
    const answers = await Promise.all(sets);
    const refused = answers.find((answer) => answer !== 'STORED');
    if (refused !== undefined) throw new Error(`filling it was answered "${refused}"`);
  }
}

/** Waits for an answer. An error or a failed connection is none; a miss is a wrong answer. */
async function untilAnswered(cluster: Cluster, key: string): Promise<void> {
  for (;;) {
    const value = await readOf(cluster, key);
    if (value === null) throw new Error(`${key} is missing on the controller that came back`);
    if (value !== undefined) return;
    await sleep(POLL_MS);
  }
}

/** @returns undefined when there is no answer */
async function readOf(cluster: Cluster, key: string): Promise<string | null | undefined> {
  try {
    using client = await cluster.client(VICTIM);
    return await client.get(key);
  } catch {
    return undefined;
  }
}
