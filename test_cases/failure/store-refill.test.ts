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
  await eventually(async () => expect(await heldBy(cluster)).toHaveLength(KEYS.length));
}

/** What the memcached itself holds, past its controller: keys, envelopes and values, byte for byte. */
async function heldBy(cluster: Cluster): Promise<(readonly [key: string, bytes: string])[]> {
  using store = await TextClient.connect(cluster.memcached(VICTIM).port);
  const held: (readonly [key: string, bytes: string])[] = [];
  for (let from = 0; from < KEYS.length; from += KEYS_AT_ONCE) {
    const found = await store.findAll(KEYS.slice(from, from + KEYS_AT_ONCE));
    for (const [key, { value }] of found) held.push([key, value.toString('hex')]);
  }
  return held;
}

/** Reads one key after the other, all the time. */
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

/** A memcached that has lost all is filled by its controller, whatever clients read. */
describeWithMemcached('a memcached that has lost everything is filled again', () => {
  describe.each([
    ['linearizability', 'none', 'fromPeers'],
    ['linearizability', 'async', 'fromJournal'],
    ['eventual', 'none', 'fromPeers'],
    ['eventual', 'async', 'fromJournal'],
  ] as const)('%s, durability %s', (level, durability, source) => {
    it.each(['flushed behind its back', 'killed and started again'] as const)(
      'when it was %s',
      async (how) => {
        await using cluster = await startCluster({ level, settings: { durability } });
        await fill(cluster);
        const before = await heldBy(cluster);
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
        expect(await heldBy(cluster)).toEqual(before);
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
        // At `eventual` an exchange with a peer may have brought them once more in the meantime.
        if (level !== 'eventual') expect(refill[source] + values[source]).toBeGreaterThanOrEqual(KEYS.length);
        expect(linesOf(cluster, 'the store is being filled').length).toBeGreaterThanOrEqual(1);
        expect(linesOf(cluster, 'the store is filled')).toHaveLength(1);
      },
    );
  });

  it('and when its controller was restarted with it, from the journal', async () => {
    await using cluster = await startCluster({ level: 'linearizability' });
    await fill(cluster);
    const before = await heldBy(cluster);
    await cluster.kill(VICTIM);
    await cluster.memcached(VICTIM).kill();
    await cluster.memcached(VICTIM).start();
    await cluster.restart(VICTIM);
    await eventually(async () => expect(await heldBy(cluster)).toEqual(before));
    const { journal, refill } = await cluster.status(VICTIM);
    expect(journal.recoveredEntries).toBeGreaterThan(KEYS.length / 2);
    expect(refill.reason).toBe('it is new, or was emptied, since this controller last ran');
  });

  it('but not when its controller alone was stopped and started, and it has everything still', async () => {
    await using cluster = await startCluster({ level: 'linearizability' });
    await fill(cluster);
    await cluster.controllers[VICTIM]!.stop();
    cluster.start(VICTIM);
    await cluster.ready();
    await sleep(1_500);
    expect(linesOf(cluster, 'the store is being filled')).toEqual([]);
    expect(await heldBy(cluster)).toHaveLength(KEYS.length);
    const { journal } = await cluster.status(VICTIM);
    expect(journal).toMatchObject({ durability: 'async', entries: KEYS.length });
    expect(linesOf(cluster, 'journal recovered').at(-1)).toMatch(/"records":\d+.*"ms":\d+/);
  });

  it('is looked through when its controller alone was killed, and lacks nothing', async () => {
    await using cluster = await startCluster({ level: 'linearizability' });
    await fill(cluster);
    const before = await heldBy(cluster);
    await cluster.restart(VICTIM);
    await eventually(async () => expect(linesOf(cluster, 'the store is filled')).toHaveLength(1));
    expect(await heldBy(cluster)).toEqual(before);
    expect((await cluster.status(VICTIM)).refill).toMatchObject({ fromJournal: 0, fromPeers: 0 });
  });
});
