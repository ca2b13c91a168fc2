import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { hasMemcached } from '../support/memcached.ts';
import type { TextClient } from '../support/text-client.ts';

const SIZES = [70_000, 100_000, 130_000, 300_000, 600_000, 1_000_000];
const ROUNDS = 12;

/**
 * Fast readers ask for few values at a time. Slow ones ask for more than the kernel buffers: the rest waits
 * in the controller.
 */
const FAST = { pipelined: 4, pauseMs: 0 };
const SLOW = { pipelined: 40, pauseMs: 300 };

let cluster: Cluster;
afterEach(() => cluster?.stop());

/** A value whose every byte depends on its key and round. */
function writtenAs(key: number, round: number): Buffer {
  return Buffer.alloc(SIZES[key]!, `<${key}.${round}>`);
}

/** Expects one of the values that were written for the key, without bytes of another one. */
function expectWhole(key: number, value: Buffer): void {
  const round = Number(/^<\d+\.(\d+)>/.exec(value.toString('latin1', 0, 20))?.[1]);
  expect(value.equals(writtenAs(key, round)), `key ${key}, round ${round}`).toBe(true);
}

/**
 * Asks for several values at a time, and pauses before it reads the replies.
 * @returns the number of values read
 */
async function read(
  client: TextClient,
  { pipelined, pauseMs }: typeof FAST,
  isDone: () => boolean,
): Promise<number> {
  let values = 0;
  while (!isDone()) {
    const keys = Array.from({ length: pipelined }, () => Math.floor(Math.random() * SIZES.length));
    const answers = keys.map((key) => client.find(`large-${key}`, key % 2 === 0 ? 'get' : 'gets'));
    if (pauseMs > 0) {
      client.socket.pause();
      await sleep(pauseMs);
      client.socket.resume();
    }
    for (const [at, found] of (await Promise.all(answers)).entries()) expectWhole(keys[at]!, found!.value);
    values += keys.length;
  }
  return values;
}

/** The controller uses the memory of sent replies again for the next ones. */
(hasMemcached || process.env.CI ? it : it.skip).each([{}, { hot_bytes: '8m' }])(
  'reads of 70 kB to 1 MB give whole values as they were written, with slow readers and frequent overwrites: %o',
  async (settings) => {
    cluster = await startCluster({ level: 'linearizability', store: 'memcache', controllers: 3, settings });
    const writer = await cluster.client(0);
    for (const key of SIZES.keys())
      expect(await writer.set(`large-${key}`, writtenAs(key, 0))).toBe('STORED');
    const clients = await Promise.all([0, 1, 2, 0, 1, 2].map((controller) => cluster.client(controller)));
    let done = false;
    const readers = clients.map((client, at) => read(client, at < 3 ? SLOW : FAST, () => done));
    for (let round = 1; round <= ROUNDS; round++)
      for (const key of SIZES.keys())
        expect(await writer.set(`large-${key}`, writtenAs(key, round))).toBe('STORED');
    done = true;
    const counts = await Promise.all(readers);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(FAST.pipelined);
  },
);
