import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { AnswerError, TextClient } from '../support/text-client.ts';

const KEYS = Array.from({ length: 3_000 }, (_, at) => `key-${at}`);
const KEYS_AT_ONCE = 500;
const VICTIM = 2;

async function fill(cluster: Cluster): Promise<void> {
  const client = await cluster.client(0);
  for (let from = 0; from < KEYS.length; from += KEYS_AT_ONCE) {
    const part = KEYS.slice(from, from + KEYS_AT_ONCE);
    await eventually(async () => {
      const sets = part.map((key, at) =>
        client.store('set', key, `value of ${key}`, { flags: at, ...(at % 2 === 1 && { exptime: 3_600 }) }),
      );
      expect(new Set(await Promise.all(sets))).toEqual(new Set(['STORED']));
    });
  }
  expect(await client.ask('touch key-7 7200\r\n')).toBe('TOUCHED');
  await eventually(async () => expect(await storedBy(cluster)).toHaveLength(KEYS.length));
}

/**
 * The entries in the memcached itself, read without its controller: keys, and envelopes with values, byte for
 * byte.
 */
async function storedBy(cluster: Cluster): Promise<(readonly [key: string, bytes: string])[]> {
  using store = await TextClient.connect(cluster.memcached(VICTIM).port);
  const stored: (readonly [key: string, bytes: string])[] = [];
  for (let from = 0; from < KEYS.length; from += KEYS_AT_ONCE) {
    const found = await store.findAll(KEYS.slice(from, from + KEYS_AT_ONCE));
    for (const [key, { value }] of found) stored.push([key, value.toString('hex')]);
  }
  return stored;
}

/** Reads one key after the other until it is stopped. */
class Reader {
  misses = 0;
  answered = 0;
  readonly errors: string[] = [];
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(client: TextClient) {
    this.#done = this.#read(client);
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#done;
  }

  async #read(client: TextClient): Promise<void> {
    for (let at = 0; !this.#stopped; at = (at + 17) % KEYS.length) {
      const key = KEYS[at]!;
      try {
        const value = await client.get(key);
        this.answered++;
        if (value !== `value of ${key}`) this.misses++;
      } catch (error) {
        if (!(error instanceof AnswerError)) throw error;
        this.errors.push(error.line);
        await sleep(5);
      }
    }
  }
}

function linesOf(cluster: Cluster, words: string): string[] {
  return cluster.controllers[VICTIM]!.log().filter((line) => line.includes(words));
}

/** A controller fills a memcached that lost everything, whether clients read the values or not. */

describeWithMemcached('a memcached that has lost everything', () => {
  lossTests();
  restartTests();
});

function lossTests(): void {
  describe.each([
    ['linearizability', 'none', 'fromPeers'],
    ['linearizability', 'async', 'fromJournal'],
    ['eventual', 'none', 'fromPeers'],
    ['eventual', 'async', 'fromJournal'],
  ] as const)('%s, durability %s', (level, durability, source) => {
    it.each(['flushed behind its controller', 'killed and started again'] as const)(
      'is filled again after it was %s',
      async (how) => {
        await using cluster = await startCluster({ level, settings: { durability } });
        await fill(cluster);
        const before = await storedBy(cluster);
        const reader = new Reader(await cluster.client(VICTIM));
        await eventually(() => expect(reader.answered).toBeGreaterThan(10));
        if (how.startsWith('flushed')) {
          using store = await TextClient.connect(cluster.memcached(VICTIM).port);
          expect(await store.ask('flush_all\r\n')).toBe('OK');
        } else {
          await cluster.memcached(VICTIM).kill();
          await cluster.memcached(VICTIM).start();
        }
        await eventually(async () => {
          expect((await cluster.status(VICTIM)).refill).toMatchObject({ running: false, done: KEYS.length });
        });
        expect(await storedBy(cluster)).toEqual(before);
        const { answered } = reader;
        await eventually(() => expect(reader.answered).toBeGreaterThan(answered + 10));
        await reader.stop();
        expect(reader.misses).toBe(0);
        const { store, refill, values } = await cluster.status(VICTIM);
        if (how.startsWith('flushed')) {
          expect(reader.errors).toEqual([]);
          expect(store).toMatchObject({ instances: 0, emptied: 1 });
        } else {
          expect(store).toMatchObject({ instances: 1, emptied: 0 });
        }
        // At `eventual`, an exchange with a peer may have brought values again in the meantime.
        if (level !== 'eventual') expect(refill[source] + values[source]).toBeGreaterThanOrEqual(KEYS.length);
        await eventually(() => expect(linesOf(cluster, 'the store is filled')).toHaveLength(1));
        expect(linesOf(cluster, 'the store is being filled').length).toBeGreaterThanOrEqual(1);
      },
    );
  });
}

function restartTests(): void {
  it('is filled again from the journal when its controller was restarted with it', async () => {
    await using cluster = await startCluster({ level: 'linearizability' });
    await fill(cluster);
    const before = await storedBy(cluster);
    await cluster.kill(VICTIM);
    await cluster.memcached(VICTIM).kill();
    await cluster.memcached(VICTIM).start();
    await cluster.restart(VICTIM);
    await eventually(async () => expect(await storedBy(cluster)).toEqual(before));
    const { journal, refill } = await cluster.status(VICTIM);
    expect(journal.recoveredEntries).toBeGreaterThan(KEYS.length / 2);
    expect(refill.reason).toBe('it is new, or was emptied, since this controller last ran');
  });

  it('is not filled when only its controller was stopped and started, as it has everything', async () => {
    await using cluster = await startCluster({ level: 'linearizability' });
    await fill(cluster);
    await cluster.controllers[VICTIM]!.stop();
    cluster.start(VICTIM);
    await cluster.ready();
    await sleep(1_500);
    expect(linesOf(cluster, 'the store is being filled')).toEqual([]);
    expect(await storedBy(cluster)).toHaveLength(KEYS.length);
    const { journal } = await cluster.status(VICTIM);
    expect(journal).toMatchObject({ durability: 'async', entries: KEYS.length });
    expect(linesOf(cluster, 'journal recovered').at(-1)).toMatch(/"records":\d+.*"ms":\d+/);
  });

  it('is checked for missing values when only its controller was killed, and lacks none', async () => {
    await using cluster = await startCluster({ level: 'linearizability' });
    await fill(cluster);
    const before = await storedBy(cluster);
    // A kill costs the journal what it has not written yet; then the newest entry in the store would be unknown to it.
    await sleep(500);
    await cluster.restart(VICTIM);
    await eventually(async () => expect(linesOf(cluster, 'the store is filled')).toHaveLength(1));
    expect(await storedBy(cluster)).toEqual(before);
    expect((await cluster.status(VICTIM)).refill).toMatchObject({ fromJournal: 0, fromPeers: 0 });
  });
}
