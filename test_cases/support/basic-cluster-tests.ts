import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import type { StoreKind } from './store-process.ts';
import type { TextClient } from './text-client.ts';

export const ORDERED_LEVELS = ['linearizability', 'sequential'] as const;
export const ALL_LEVELS = [...ORDERED_LEVELS, 'eventual'] as const;

/** The first expiry that `inTime` tries, in seconds. */
const EXPTIME_S = 2;

/**
 * Carries out steps on entries that expire. When the steps fail after the expiry, because the machine is busy, they are
 * repeated with a longer one.
 */
async function inTime(steps: (exptime: number) => Promise<void>): Promise<void> {
  for (let exptime = EXPTIME_S; ; exptime *= 4) {
    const beganAtMs = performance.now();
    try {
      return await steps(exptime);
    } catch (error) {
      if (performance.now() < beganAtMs + (exptime - 1) * 1_000) throw error;
    }
  }
}

/** The behaviour of every level without failures, over three controllers with stores of one kind. */
export function basicClusterTests(level: (typeof ALL_LEVELS)[number], store: StoreKind): void {
  const ordered = level !== 'eventual';
  let cluster: Cluster;
  let clients: TextClient[];

  beforeAll(async () => {
    cluster = await startCluster({ level, store });
  });
  afterAll(() => cluster?.stop());
  beforeEach(async () => {
    clients = await cluster.clients();
  });
  afterEach(() => {
    for (const client of clients) client.close();
  });

  /** Checks every controller: at once where the level promises that, and after a while at the other levels. */
  async function everywhere(check: (client: TextClient) => Promise<void>): Promise<void> {
    for (const client of clients) {
      if (level === 'linearizability') await check(client);
      else await eventually(() => check(client));
    }
  }

  const everywhereIs = (key: string, value: string | null): Promise<void> =>
    everywhere(async (client) => expect(await client.get(key)).toBe(value));

  it('a value is read at the controller that it was written at', async () => {
    for (const [id, client] of clients.entries()) {
      expect(await client.set(`own-${id}`, `value of ${id}`)).toBe('STORED');
      expect(await client.get(`own-${id}`)).toBe(`value of ${id}`);
    }
  });

  it('a value is read at the other controllers', async () => {
    for (const [id, client] of clients.entries()) {
      expect(await client.set(`shared-${id}`, `value of ${id}`)).toBe('STORED');
      await everywhereIs(`shared-${id}`, `value of ${id}`);
    }
  });

  it('an overwritten value is the same everywhere, flags included', async () => {
    for (const [id, client] of clients.entries()) {
      // At `eventual` each controller has seen the write before, since `everywhere` has waited for it.
      expect(await client.store('set', 'again', `round ${id}`, { flags: 100 + id })).toBe('STORED');
      await everywhere(async (reader) => {
        const found = await reader.find('again');
        expect([found?.value.toString(), found?.flags]).toEqual([`round ${id}`, 100 + id]);
      });
    }
  });

  it('a deleted key is gone everywhere', async () => {
    await clients[0]!.set('gone', 'here');
    await everywhereIs('gone', 'here');
    expect(await clients[1]!.ask('delete gone\r\n')).toBe('DELETED');
    await everywhereIs('gone', null);
    expect(await clients[1]!.ask('delete gone\r\n')).toBe('NOT_FOUND');
  });

  it('writes of many clients at the same time end with equal values at all controllers', async () => {
    const keys = Array.from({ length: 10 }, (_, at) => `busy-${at}`);
    const many = await Promise.all(Array.from({ length: 24 }, (_, at) => cluster.client(at % 3)));
    await Promise.all(
      many.map(async (client, number) => {
        for (let round = 0; round < 40; round++) {
          const key = keys[(number + round) % keys.length]!;
          expect(await client.set(key, `${number}.${round}`)).toBe('STORED');
          expect(await client.get(key)).toMatch(/^\d+\.\d+$/);
        }
      }),
    );
    for (const client of many) client.close();
    for (const key of keys) {
      await eventually(async () => {
        const values = await Promise.all(clients.map((client) => client.find(key)));
        expect(new Set(values.map((found) => `${found!.value} ${found!.cas}`)).size).toBe(1);
      });
    }
  });

  it('a cas token of one controller is compared at the others', async () => {
    await clients[0]!.set('token', 'first');
    await everywhereIs('token', 'first');
    const { cas } = (await clients[2]!.find('token'))!;
    expect(await clients[1]!.store('cas', 'token', 'second', { cas })).toBe('STORED');
    await everywhereIs('token', 'second');
    for (const client of clients) expect(await client.store('cas', 'token', 'third', { cas })).toBe('EXISTS');
    expect(await clients[0]!.store('cas', 'no-such-token', 'x', { cas })).toBe('NOT_FOUND');
  });

  it('append and prepend extend a value, and keep its flags', async () => {
    expect(await clients[0]!.store('append', 'joined', 'x')).toBe('NOT_STORED');
    expect(await clients[0]!.store('set', 'joined', 'middle', { flags: 7 })).toBe('STORED');
    await everywhereIs('joined', 'middle');
    expect(await clients[1]!.store('append', 'joined', ' end', { flags: 9 })).toBe('STORED');
    await everywhereIs('joined', 'middle end');
    expect(await clients[2]!.store('prepend', 'joined', 'start ')).toBe('STORED');
    await everywhereIs('joined', 'start middle end');
    expect((await clients[0]!.find('joined'))!.flags).toBe(7);
  });

  it('replace and add depend on whether the key exists', async () => {
    expect(await clients[0]!.store('replace', 'replaced', 'x')).toBe('NOT_STORED');
    expect(await clients[0]!.store('add', 'replaced', 'one')).toBe('STORED');
    await everywhereIs('replaced', 'one');
    expect(await clients[1]!.store('add', 'replaced', 'two')).toBe('NOT_STORED');
    expect(await clients[2]!.store('replace', 'replaced', 'three')).toBe('STORED');
    await everywhereIs('replaced', 'three');
  });

  it('incr and decr count, and every controller shows the result', async () => {
    await clients[0]!.set('count', '10');
    await everywhereIs('count', '10');
    expect(await clients[1]!.ask('incr count 5\r\n')).toBe('15');
    await everywhereIs('count', '15');
    expect(await clients[2]!.ask('decr count 20\r\n')).toBe('0');
    await everywhere(async (client) => expect((await client.get('count'))?.trim()).toBe('0'));
    expect(await clients[0]!.ask('incr no-such-count 1\r\n')).toBe('NOT_FOUND');
  });

  it('an expiry is the same everywhere, and touch and gat change it', async () => {
    await inTime(async (exptime) => {
      for (const key of ['short', 'touched', 'taken'])
        await clients[0]!.store('set', key, `value of ${key}`, { exptime });
      for (const key of ['short', 'touched', 'taken'])
        await everywhere(async (client) => expect(await client.get(key)).not.toBeNull());
      expect(await clients[1]!.ask('touch touched 1000\r\n')).toBe('TOUCHED');
      expect((await clients[2]!.find('taken', 'gat 1000'))?.value.toString()).toBe('value of taken');
    });
    await eventually(() => everywhereIs('short', null));
    await everywhereIs('touched', 'value of touched');
    await everywhereIs('taken', 'value of taken');
    expect(await clients[0]!.ask('touch short 10\r\n')).toBe('NOT_FOUND');
  });

  it('flush_all removes values everywhere, and leaves those that are set after it', async () => {
    await clients[0]!.set('flushed', 'old');
    await everywhereIs('flushed', 'old');
    expect(await clients[1]!.ask('flush_all\r\n')).toBe('OK');
    await everywhereIs('flushed', null);
    expect(await clients[1]!.set('flushed', 'new')).toBe('STORED');
    await everywhereIs('flushed', 'new');
  });

  it('flush_all with a delay removes the values everywhere once the delay is over', async () => {
    await clients[0]!.set('later', 'old');
    await everywhereIs('later', 'old');
    const askedMs = Date.now();
    expect(await clients[2]!.ask('flush_all 3\r\n')).toBe('OK');
    const soon = await clients[0]!.get('later');
    if (Date.now() < askedMs + 1000) expect(soon).toBe('old');
    for (const client of clients) await eventually(async () => expect(await client.get('later')).toBeNull());
    await clients[0]!.set('later', 'new');
    await everywhereIs('later', 'new');
  });

  if (!ordered) return;

  describe('the one order of all writes', () => {
    it('lets exactly one of several concurrent adds succeed', async () => {
      for (let round = 0; round < 50; round++) {
        const answers = await Promise.all(
          clients.map((client, id) => client.store('add', `race-${round}`, `${id}`)),
        );
        expect(answers.toSorted()).toEqual(['NOT_STORED', 'NOT_STORED', 'STORED']);
        await everywhereIs(`race-${round}`, `${answers.indexOf('STORED')}`);
      }
    });

    it('loses no count of concurrent incrs', async () => {
      await clients[0]!.set('tally', '0');
      await everywhereIs('tally', '0');
      const many = await Promise.all(Array.from({ length: 9 }, (_, at) => cluster.client(at % 3)));
      const answers = await Promise.all(
        many.flatMap((client) => Array.from({ length: 50 }, () => client.ask('incr tally 1\r\n'))),
      );
      for (const client of many) client.close();
      expect(new Set(answers).size).toBe(450);
      await everywhereIs('tally', '450');
    });

    it('lets exactly one of several concurrent cas succeed in each round', async () => {
      await clients[0]!.set('duel', 'start');
      await everywhereIs('duel', 'start');
      for (let round = 0; round < 30; round++) {
        const { cas } = (await clients[0]!.find('duel'))!;
        const answers = await Promise.all(
          clients.map((client, id) => client.store('cas', 'duel', `${round}.${id}`, { cas })),
        );
        expect(answers.filter((answer) => answer === 'STORED').length).toBe(1);
        await everywhereIs('duel', `${round}.${answers.indexOf('STORED')}`);
      }
    });
  });
}
