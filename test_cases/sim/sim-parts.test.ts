import { describe, expect, it } from 'vitest';
import { ROOT_GROUP } from '../../src/membership/peer-bus.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { forEachSeed } from './seeds.ts';
import { SimClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import { SimFileSystem } from './sim-file-system.ts';
import { SimNetwork } from './sim-network.ts';
import { SimStore } from './sim-store.ts';

/** The parts of the simulator keep the promises that the code under test relies on, and break everything else. */

const now = (run: () => void) => run();

/** A network of two controllers, and what each of them heard. */
async function pair(seed: number) {
  const scheduler = new Scheduler();
  const network = new SimNetwork(scheduler, new Random(seed), 2);
  const heard: string[][] = [[], []];
  const node = (id: number) => ({
    incarnation: 1,
    isPeer: () => true,
    isPassing: () => false,
    isCalled: () => false,
    called: new Set<number>(),
    whenAwake: now,
    onPeerUp: () => heard[id]!.push('up'),
    onPeerDown: () => heard[id]!.push('down'),
    onPeerGone: () => {},
    onAskerUp: () => {},
    onAskerDown: () => {},
    onMessage: (_: number, __: number, message: PeerMessage) => heard[id]!.push(numberOf(message)),
  });
  network.join(0, node(0));
  network.join(1, node(1));
  await scheduler.runUntil(500);
  return { scheduler, network, heard, rejoin: (id: number) => network.join(id, node(id)) };
}

const message = (counter: number): PeerMessage => ({ type: 'prepare', ballot: { counter, node: 0 } });
const numberOf = (one: PeerMessage) => (one.type === 'prepare' ? String(one.ballot.counter) : one.type);

describe('the simulated network', () => {
  it('delivers in order and once while a link is up, and loses at most the last messages', async () => {
    await forEachSeed(async (seed) => {
      const { scheduler, network, heard } = await pair(seed);
      const random = new Random(seed);
      network.delays = { kind: 'heavy', minMs: 0.1, alpha: 1 };
      for (let i = 1; i <= 60; i++) {
        network.send(0, 1, ROOT_GROUP, message(i));
        const act = random.below(12);
        if (act === 0) network.break(0, 1);
        if (act === 1) network.redial(0, 1);
        if (act === 2) network.close(i % 2, 1 - (i % 2));
        if (act === 3) network.block(0, 1);
        if (act === 4) network.heal(0, 1);
        if (act === 5) network.extraMs.set('0>1', random.between(0, 200));
        await scheduler.runUntil(scheduler.nowMs + random.between(0, 40));
      }
      network.healAll();
      await scheduler.runUntil(scheduler.nowMs + 5_000);
      expect(network.isUp(0, 1) && network.isUp(1, 0)).toBe(true);
      expectLinks(heard[1]!);
    });
  });

  it('keeps back messages in a blocked direction, and neither end learns of it', async () => {
    const { scheduler, network, heard } = await pair(3);
    network.block(0, 1);
    network.send(0, 1, ROOT_GROUP, message(1));
    network.send(1, 0, ROOT_GROUP, message(2));
    await scheduler.runUntil(5_000);
    expect(heard).toEqual([['up', '2'], ['up']]);
    network.send(0, 1, ROOT_GROUP, message(3));
    network.unblock(0, 1);
    await scheduler.runUntil(6_000);
    expect(heard[1]).toEqual(['up', '1', '3']);
  });

  it('has no link while it is cut, and another afterwards', async () => {
    const { scheduler, network, heard } = await pair(4);
    network.cut(0, 1);
    await scheduler.runUntil(3_000);
    expect(heard).toEqual([
      ['up', 'down'],
      ['up', 'down'],
    ]);
    network.heal(0, 1);
    await scheduler.runUntil(4_000);
    expect(heard[0]).toEqual(['up', 'down', 'up']);
  });

  it('reports a process that died, and its return', async () => {
    const { scheduler, network, heard, rejoin } = await pair(5);
    network.leave(1, false);
    await scheduler.runUntil(1_000);
    expect(heard[0]).toEqual(['up', 'down']);
    rejoin(1);
    await scheduler.runUntil(2_000);
    expect(heard[0]).toEqual(['up', 'down', 'up']);
  });
});

/** Between "up" and "down" numbers follow each other. Only the last numbers of a link may be missing. */
function expectLinks(heard: readonly string[]): void {
  let up = false;
  let last = 0;
  let fresh = false;
  for (const word of heard) {
    if (word === 'up' || word === 'down') {
      expect(up).toBe(word === 'down');
      up = word === 'up';
      fresh = true;
      continue;
    }
    expect(up).toBe(true);
    if (fresh) expect(Number(word)).toBeGreaterThan(last);
    else expect(Number(word)).toBe(last + 1);
    last = Number(word);
    fresh = false;
  }
}

describe('the simulated disk', () => {
  it('has the saves that it reported, in order, and some of those under way', async () => {
    const found = new Set<string>();
    await forEachSeed(async (seed) => {
      const scheduler = new Scheduler();
      const disk = new SimDisk(scheduler, new Random(seed));
      const file = disk.open<number>('view', now);
      expect(file.load()).toBeNull();
      let done = 0;
      for (let i = 1; i <= 5; i++) {
        file.save(i, () => {
          done = i;
        });
      }
      await scheduler.runUntil(1);
      disk.crash();
      const kept = disk.open<number>('view', now).load() ?? 0;
      await scheduler.runUntil(100);
      expect(disk.open<number>('view', now).load() ?? 0).toBe(kept);
      expect(kept).toBeGreaterThanOrEqual(done);
      found.add(kept === done ? 'lost' : 'survived');
    });
    expect([...found].sort()).toEqual(['lost', 'survived']);
  });
});

describe('the simulated file system', () => {
  const PATH = '/log-00000000';

  /** One write is flushed, one is not, and one is under way when the process dies. */
  async function found(seed: number, end: (files: SimFileSystem) => void): Promise<string> {
    const scheduler = new Scheduler();
    scheduler.asynchronous = true;
    const files = new SimFileSystem(scheduler, new Random(seed));
    const disk = files.mount(now);
    const written = async (): Promise<void> => {
      const file = await disk.open(PATH, 'create');
      await file.write(Buffer.from('a'), 0);
      await file.sync();
      await disk.syncDirectory('/');
      await file.write(Buffer.from('b'), 1);
      void file.write(Buffer.from('c'), 2);
    };
    void written().then(() => end(files));
    await scheduler.runUntil(100);
    const left = files.mount(now).readAll(PATH);
    await scheduler.runUntil(200);
    return (await left).toString().replaceAll('\0', '-');
  }

  it('keeps the finished writes of a killed process, and some of those under way', async () => {
    const all = new Set<string>();
    await forEachSeed(async (seed) => all.add(await found(seed, (files) => files.onKill())));
    expect([...all].sort()).toEqual(['ab', 'abc']);
  });

  it('loses any part of the unflushed writes with the power', async () => {
    const all = new Set<string>();
    await forEachSeed(async (seed) => all.add(await found(seed, (files) => files.losePower())));
    expect([...all].sort()).toEqual(['a', 'ab']);
  });
});

describe('the simulated store', () => {
  const entry = (value: string) => ({
    version: { time: 1, node: 0 },
    flags: 0,
    expiresAtMs: 0,
    token: null,
    marks: 0,
    value: Buffer.from(value),
  });

  function opened(seed: number) {
    const scheduler = new Scheduler();
    const store = new SimStore(scheduler, new Random(seed), 500);
    const answers: string[] = [];
    const connection = store.connect(now);
    const set = (key: string) => connection.set(key, entry(key), (error) => answers.push(error?.code ?? key));
    return { scheduler, store, connection, answers, set };
  }

  it('answers in order, and after the call has returned', async () => {
    const { scheduler, answers, set, connection } = opened(1);
    set('a');
    set('b');
    connection.get('a', (_, found) => answers.push(`found ${found?.value}`));
    expect(answers).toEqual([]);
    await scheduler.runUntil(10);
    expect(answers).toEqual(['a', 'b', 'found a']);
  });

  it('fails the operations under way when it goes away; some of them have happened, oldest first', async () => {
    const left = new Set<number>();
    await forEachSeed(async (seed) => {
      const { scheduler, store, answers, set } = opened(seed);
      for (const key of ['a', 'b', 'c']) set(key);
      store.setMode('down');
      expect(answers).toEqual(['STORE_DOWN', 'STORE_DOWN', 'STORE_DOWN']);
      await scheduler.runUntil(10);
      expect(['', 'a', 'ab', 'abc']).toContain([...store.items.keys()].join(''));
      left.add(store.items.size);
    });
    expect(left.size).toBeGreaterThan(2);
  });

  it('answers with errors in time while it hangs, and serves again afterwards', async () => {
    const { scheduler, store, answers, connection, set } = opened(2);
    store.setMode('hanging');
    set('a');
    await scheduler.runUntil(499);
    expect(answers).toEqual([]);
    expect(connection.state.up).toBe(true);
    await scheduler.runUntil(501);
    expect(answers).toEqual(['STORE_TIMEOUT']);
    expect(connection.state.up).toBe(false);
    store.setMode('up');
    set('b');
    await scheduler.runUntil(510);
    expect(answers).toEqual(['STORE_TIMEOUT', 'b']);
  });

  it('evicts only what may be lost', async () => {
    const { scheduler, store, set } = opened(3);
    store.evictionChance = 1;
    store.mayLose = (key) => key !== 'keep';
    for (const key of ['keep', 'a', 'b', 'c']) set(key);
    await scheduler.runUntil(10);
    expect([...store.items.keys()]).toEqual(['keep']);
    expect(store.evictions).toBe(3);
  });
});

describe('a simulated clock', () => {
  it('drifts by half a percent at most, and only its wall time jumps', async () => {
    await forEachSeed(async (seed) => {
      const scheduler = new Scheduler();
      const clock = new SimClock(scheduler, new Random(seed));
      const startMs = clock.nowMs();
      clock.skewMs = -7_200_000;
      await scheduler.runUntil(10_000);
      expect(Math.abs(clock.nowMs() - startMs - 10_000)).toBeLessThan(51);
      expect(clock.virtualMs(clock.rate * 100)).toBeCloseTo(100);
      const wallMs = clock.wallMs();
      clock.skewMs += 3_600_000;
      expect(clock.wallMs() - wallMs).toBe(3_600_000);
    });
  });
});
