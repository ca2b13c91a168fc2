import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import type { StoreKind } from './store-process.ts';
import type { TextClient } from './text-client.ts';

export const ORDERED_LEVELS = ['linearizability', 'sequential'] as const;
export const ALL_LEVELS = [...ORDERED_LEVELS, 'causal', 'eventual'] as const;

type Level = (typeof ALL_LEVELS)[number];

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
export function basicClusterTests(level: Level, store: StoreKind): void {
  const scene = new Scene(level);
  beforeAll(async () => {
    scene.cluster = await startCluster({ level, store });
  });
  afterAll(() => scene.cluster?.stop());
  beforeEach(async () => {
    scene.clients = await scene.cluster.clients();
  });
  afterEach(() => {
    for (const client of scene.clients) client.close();
  });

  valueTests(scene);
  conditionTests(scene);
  expiryTests(scene);
  if (level !== 'causal' && level !== 'eventual')
    describe('the one order of all writes', () => orderTests(scene));
}

/** The cluster of the tests, and a client of each controller. */
class Scene {
  cluster!: Cluster;
  clients!: readonly TextClient[];
  readonly #level: Level;

  constructor(level: Level) {
    this.#level = level;
  }

  /** Checks every controller: at once where the level promises that, and after a while at the other levels. */
  async everywhere(check: (client: TextClient) => Promise<void>): Promise<void> {
    for (const client of this.clients) {
      if (this.#level === 'linearizability') await check(client);
      else await eventually(() => check(client));
    }
  }

  everywhereIs(key: string, value: string | null): Promise<void> {
    return this.everywhere(async (client) => expect(await client.get(key)).toBe(value));
  }
}

function valueTests(scene: Scene): void {
  it('a value is read at the controller that it was written at', async () => {
    for (const [id, client] of scene.clients.entries()) {
      expect(await client.set(`own-${id}`, `value of ${id}`)).toBe('STORED');
      expect(await client.get(`own-${id}`)).toBe(`value of ${id}`);
    }
  });

  it('a value is read at the other controllers', async () => {
    for (const [id, client] of scene.clients.entries()) {
      expect(await client.set(`shared-${id}`, `value of ${id}`)).toBe('STORED');
      await scene.everywhereIs(`shared-${id}`, `value of ${id}`);
    }
  });

  it('an overwritten value is the same everywhere, flags included', async () => {
    for (const [id, client] of scene.clients.entries()) {
      // At `eventual` each controller has seen the write before, since `everywhere` has waited for it.
      expect(await client.store('set', 'again', `round ${id}`, { flags: 100 + id })).toBe('STORED');
      await scene.everywhere(async (reader) => {
        const found = await reader.find('again');
        expect([found?.value.toString(), found?.flags]).toEqual([`round ${id}`, 100 + id]);
      });
    }
  });

  it('a deleted key is gone everywhere', async () => {
    await scene.clients[0]!.set('gone', 'here');
    await scene.everywhereIs('gone', 'here');
    expect(await scene.clients[1]!.ask('delete gone\r\n')).toBe('DELETED');
    await scene.everywhereIs('gone', null);
    expect(await scene.clients[1]!.ask('delete gone\r\n')).toBe('NOT_FOUND');
  });

  it('writes of many clients at the same time end with equal values at all controllers', async () => {
    const keys = Array.from({ length: 10 }, (_, at) => `busy-${at}`);
    const many = await Promise.all(Array.from({ length: 24 }, (_, at) => scene.cluster.client(at % 3)));
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
        const values = await Promise.all(scene.clients.map((client) => client.find(key)));
        expect(new Set(values.map((found) => `${found!.value} ${found!.cas}`)).size).toBe(1);
      });
    }
  });
}

function conditionTests(scene: Scene): void {
  it('a cas token of one controller is compared at the others', async () => {
    await scene.clients[0]!.set('token', 'first');
    await scene.everywhereIs('token', 'first');
    const { cas } = (await scene.clients[2]!.find('token'))!;
    expect(await scene.clients[1]!.store('cas', 'token', 'second', { cas })).toBe('STORED');
    await scene.everywhereIs('token', 'second');
    for (const client of scene.clients)
      expect(await client.store('cas', 'token', 'third', { cas })).toBe('EXISTS');
    expect(await scene.clients[0]!.store('cas', 'no-such-token', 'x', { cas })).toBe('NOT_FOUND');
  });

  it('append and prepend extend a value, and keep its flags', async () => {
    expect(await scene.clients[0]!.store('append', 'joined', 'x')).toBe('NOT_STORED');
    expect(await scene.clients[0]!.store('set', 'joined', 'middle', { flags: 7 })).toBe('STORED');
    await scene.everywhereIs('joined', 'middle');
    expect(await scene.clients[1]!.store('append', 'joined', ' end', { flags: 9 })).toBe('STORED');
    await scene.everywhereIs('joined', 'middle end');
    expect(await scene.clients[2]!.store('prepend', 'joined', 'start ')).toBe('STORED');
    await scene.everywhereIs('joined', 'start middle end');
    expect((await scene.clients[0]!.find('joined'))!.flags).toBe(7);
  });

  it('replace and add depend on whether the key exists', async () => {
    expect(await scene.clients[0]!.store('replace', 'replaced', 'x')).toBe('NOT_STORED');
    expect(await scene.clients[0]!.store('add', 'replaced', 'one')).toBe('STORED');
    await scene.everywhereIs('replaced', 'one');
    expect(await scene.clients[1]!.store('add', 'replaced', 'two')).toBe('NOT_STORED');
    expect(await scene.clients[2]!.store('replace', 'replaced', 'three')).toBe('STORED');
    await scene.everywhereIs('replaced', 'three');
  });

  it('incr and decr count, and every controller shows the result', async () => {
    await scene.clients[0]!.set('count', '10');
    await scene.everywhereIs('count', '10');
    expect(await scene.clients[1]!.ask('incr count 5\r\n')).toBe('15');
    await scene.everywhereIs('count', '15');
    expect(await scene.clients[2]!.ask('decr count 20\r\n')).toBe('0');
    await scene.everywhere(async (client) => expect((await client.get('count'))?.trim()).toBe('0'));
    expect(await scene.clients[0]!.ask('incr no-such-count 1\r\n')).toBe('NOT_FOUND');
  });
}

function expiryTests(scene: Scene): void {
  it('an expiry is the same everywhere, and touch and gat change it', async () => {
    await inTime(async (exptime) => {
      for (const key of ['short', 'touched', 'taken'])
        await scene.clients[0]!.store('set', key, `value of ${key}`, { exptime });
      for (const key of ['short', 'touched', 'taken'])
        await scene.everywhere(async (client) => expect(await client.get(key)).not.toBeNull());
      expect(await scene.clients[1]!.ask('touch touched 1000\r\n')).toBe('TOUCHED');
      expect((await scene.clients[2]!.find('taken', 'gat 1000'))?.value.toString()).toBe('value of taken');
    });
    await eventually(() => scene.everywhereIs('short', null));
    await scene.everywhereIs('touched', 'value of touched');
    await scene.everywhereIs('taken', 'value of taken');
    expect(await scene.clients[0]!.ask('touch short 10\r\n')).toBe('NOT_FOUND');
  });

  it('flush_all removes values everywhere, and leaves those that are set after it', async () => {
    await scene.clients[0]!.set('flushed', 'old');
    await scene.everywhereIs('flushed', 'old');
    expect(await scene.clients[1]!.ask('flush_all\r\n')).toBe('OK');
    await scene.everywhereIs('flushed', null);
    expect(await scene.clients[1]!.set('flushed', 'new')).toBe('STORED');
    await scene.everywhereIs('flushed', 'new');
  });

  it('flush_all with a delay removes the values everywhere once the delay is over', async () => {
    await scene.clients[0]!.set('later', 'old');
    await scene.everywhereIs('later', 'old');
    const askedMs = Date.now();
    expect(await scene.clients[2]!.ask('flush_all 3\r\n')).toBe('OK');
    const soon = await scene.clients[0]!.get('later');
    if (Date.now() < askedMs + 1000) expect(soon).toBe('old');
    for (const client of scene.clients)
      await eventually(async () => expect(await client.get('later')).toBeNull());
    await scene.clients[0]!.set('later', 'new');
    await scene.everywhereIs('later', 'new');
  });
}

function orderTests(scene: Scene): void {
  it('lets exactly one of several concurrent adds succeed', async () => {
    for (let round = 0; round < 50; round++) {
      const answers = await Promise.all(
        scene.clients.map((client, id) => client.store('add', `race-${round}`, `${id}`)),
      );
      expect(answers.toSorted()).toEqual(['NOT_STORED', 'NOT_STORED', 'STORED']);
      await scene.everywhereIs(`race-${round}`, `${answers.indexOf('STORED')}`);
    }
  });

  it('loses no count of concurrent incrs', async () => {
    await scene.clients[0]!.set('tally', '0');
    await scene.everywhereIs('tally', '0');
    const many = await Promise.all(Array.from({ length: 9 }, (_, at) => scene.cluster.client(at % 3)));
    const answers = await Promise.all(
      many.flatMap((client) => Array.from({ length: 50 }, () => client.ask('incr tally 1\r\n'))),
    );
    for (const client of many) client.close();
    expect(new Set(answers).size).toBe(450);
    await scene.everywhereIs('tally', '450');
  });

  it('lets exactly one of several concurrent cas succeed in each round', async () => {
    await scene.clients[0]!.set('duel', 'start');
    await scene.everywhereIs('duel', 'start');
    for (let round = 0; round < 30; round++) {
      const { cas } = (await scene.clients[0]!.find('duel'))!;
      const answers = await Promise.all(
        scene.clients.map((client, id) => client.store('cas', 'duel', `${round}.${id}`, { cas })),
      );
      expect(answers.filter((answer) => answer === 'STORED').length).toBe(1);
      await scene.everywhereIs('duel', `${round}.${answers.indexOf('STORED')}`);
    }
  });
}
