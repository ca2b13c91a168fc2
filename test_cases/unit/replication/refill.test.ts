import { describe, expect, it } from 'vitest';
import type { Journal } from '../../../src/journal/journal.ts';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import type { Effect, SetEffect } from '../../../src/ordering/effect.ts';
import type { Version } from '../../../src/ordering/version.ts';
import type { PeerMessage } from '../../../src/peer/messages.ts';
import { Replica } from '../../../src/replication/replica.ts';
import type { RestoreMessage } from '../../../src/replication/restore/messages.ts';
import { StoreRecovery } from '../../../src/replication/restore/store-recovery.ts';
import { UNSTORED_MAX } from '../../../src/replication/unstored-keys.ts';
import { StoreError } from '../../../src/store/driver.ts';
import { HotEntries } from '../../../src/store/hot-entries.ts';
import { deleteOf, setOf } from '../../support/effects.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { clockAt, NO_LOG } from '../../support/ports.ts';

/** A journal in memory that keeps values, as the one on disk does. */
class KeepingJournal extends MemoryJournal {
  readonly values = new Map<string, SetEffect>();

  override record(effect: Effect): boolean {
    const taken = super.record(effect);
    if (taken && effect.kind === 'set' && effect.value !== null) this.values.set(effect.key, effect);
    return taken;
  }

  override addValue(effect?: SetEffect): void {
    if (effect) this.values.set(effect.key, effect);
  }

  override valueOf(
    key: string,
    { time }: Version,
    done: (error: string | null, effect: SetEffect | null) => void,
  ): void {
    const kept = this.values.get(key);
    done(null, kept?.version.time === time ? kept : null);
  }
}

interface Node {
  readonly store: MemoryStore;
  readonly journal: Journal;
  readonly replica: Replica;
  readonly recovery: StoreRecovery;
}

/** Controllers without engines: their replicas, and how these mend their stores. */
class Group {
  nowMs = 0;
  readonly nodes: Node[];
  /** Peers that are cut off. */
  readonly down = new Set<number>();
  readonly asked: number[] = [];
  readonly lines: string[] = [];
  #turns: (() => void)[] = [];

  constructor(journals: readonly Journal[]) {
    this.nodes = journals.map((journal, id) => this.#nodeOf(journal, id));
  }

  /** Every node knows it, and has it. */
  write(key: string, time: number, more: Partial<SetEffect> = {}): void {
    for (const { replica } of this.nodes) {
      const value = Buffer.from(`${key}@${time}`);
      replica.apply(setOf(key, { time, node: 0 }, { value, ...more }), () => {});
    }
    this.settle();
  }

  /** Time goes on, and all that comes of it happens. */
  run(ms = 1_000): void {
    for (let passed = 0; passed < ms; passed += 20) {
      this.nowMs += 20;
      for (const { recovery } of this.nodes) {
        recovery.onTick();
        if (recovery.takeLosses().length > 0) throw new Error('a refill must not end an entry');
      }
      this.settle();
    }
  }

  settle(): void {
    for (let busy = true; busy; ) {
      busy = false;
      for (const { store } of this.nodes) busy = store.answer() > 0 || busy;
      const turns = this.#turns;
      this.#turns = [];
      for (const turn of turns) turn();
      busy ||= turns.length > 0;
    }
  }

  #nodeOf(journal: Journal, id: number): Node {
    const store = new MemoryStore();
    const replica = new Replica(journal, store, new HotEntries(0), () => 0);
    const peers = [0, 1, 2].filter((peer) => peer !== id);
    const isUp = (peer: number) => !this.down.has(peer) && !this.down.has(id);
    const send = (to: number, message: PeerMessage): void => {
      if (message.type === 'fetch-many') this.asked.push(to);
      this.#turns.push(() => {
        if (isUp(to)) this.nodes[to]!.recovery.onMessage(id, message as RestoreMessage);
      });
    };
    const recovery = new StoreRecovery({
      replica,
      store,
      bus: { send, sendToAll: () => {}, sendTo: () => {}, isUp },
      peers: () => peers,
      name: `n${id}`,
      startedAt: null,
      clock: clockAt(() => this.nowMs),
      timeMs: () => 0,
      isTimed: () => true,
      timeoutMs: 500,
      nextTurn: (callback) => this.#turns.push(callback),
      log: { ...NO_LOG, info: (message) => this.lines.push(message) },
    });
    return { store, journal, replica, recovery };
  }
}

const journals = (kind: typeof MemoryJournal) => [0, 1, 2].map(() => new kind());

function filled(kind: typeof MemoryJournal, keys: number): Group {
  const group = new Group(journals(kind));
  group.run(100);
  for (let key = 1; key <= keys; key++) group.write(`k${key}`, key);
  return group;
}

describe.each([
  ['peers', MemoryJournal, 'fromPeers'],
  ['the journal', KeepingJournal, 'fromJournal'],
] as const)('a store that was emptied is filled from %s', (_, kind, source) => {
  it('with all that it had, as it was', () => {
    const group = filled(kind, 300);
    const { store, recovery } = group.nodes[0]!;
    group.write('full', 400, { flags: 7, expiresAtMs: 99_000, token: 5n, marks: 2 });
    const before = new Map(store.entries);
    store.entries.clear();
    group.run();
    for (const [key, entry] of before) expect(store.entries.get(key)).toEqual(entry);
    expect(store.keys).toHaveLength(301);
    expect(recovery.refill).toMatchObject({ isRunning: false, done: 301, total: 301, [source]: 301 });
    expect(group.lines).toEqual(['the store is being filled', 'the store is filled']);
  });

  it('and not with what was overwritten or deleted since', () => {
    const group = filled(kind, 3);
    const { store, replica } = group.nodes[0]!;
    store.entries.clear();
    replica.apply(deleteOf('k1', { time: 11, node: 0 }), () => {});
    const value = Buffer.from('newer');
    replica.apply(setOf('k2', { time: 12, node: 0 }, { value }), () => {});
    group.run();
    expect(store.keys.sort()).toEqual(['k2', 'k3']);
    expect(store.entries.get('k2')!.value).toEqual(value);
  });

  it('to the end, though it goes away and comes back in between', () => {
    const group = filled(kind, 3_000);
    const { store, recovery } = group.nodes[0]!;
    store.entries.clear();
    group.nowMs += 1_000;
    recovery.onTick();
    for (let step = 0; step < 12; step++) store.answer();
    recovery.onTick();
    store.answer();
    store.down();
    group.run(200);
    expect(recovery.refill.isRunning).toBe(true);
    store.up();
    group.run(3_000);
    expect(store.keys).toHaveLength(3_000);
    expect(recovery.refill).toMatchObject({ isRunning: false });
    expect(recovery.watch).toMatchObject({ instances: 0, emptied: 1 });
  });

  it('again, when it is emptied once more meanwhile', () => {
    const group = filled(kind, 2_000);
    const { store } = group.nodes[0]!;
    store.entries.clear();
    group.nowMs += 1_000;
    group.nodes[0]!.recovery.onTick();
    for (let step = 0; step < 9; step++) store.answer();
    store.down();
    group.run(100);
    store.entries.clear();
    store.up('pid 2');
    group.run(2_000);
    expect(store.keys).toHaveLength(2_000);
    expect(group.lines.filter((line) => line === 'the store is filled')).toHaveLength(1);
  });
});

describe('a refill', () => {
  it('asks each peer for a part, and one only for each value', () => {
    const group = filled(MemoryJournal, 1_000);
    group.nodes[0]!.store.entries.clear();
    group.run();
    expect(new Set(group.asked)).toEqual(new Set([1, 2]));
    expect(group.nodes[0]!.store.keys).toHaveLength(1_000);
    expect(group.asked.length).toBeLessThan(40);
  });

  it('asks the next peer for what the first has lost as well, and leaves what all have lost', () => {
    const group = filled(MemoryJournal, 4);
    const [first, second, third] = group.nodes.map(({ store }) => store);
    first!.entries.clear();
    for (const key of ['k1', 'k2']) second!.entries.delete(key);
    for (const key of ['k2', 'k3']) third!.entries.delete(key);
    group.run();
    expect(first!.keys.sort()).toEqual(['k1', 'k3', 'k4']);
    expect(group.nodes[0]!.replica.unstored.isEmpty).toBe(true);
  });

  it('gets what only a peer has that was down as soon as that is back', () => {
    const group = filled(MemoryJournal, 4);
    group.nodes[0]!.store.entries.clear();
    group.nodes[1]!.store.entries.delete('k1');
    group.down.add(2);
    group.run(6_000);
    expect(group.nodes[0]!.store.keys).toHaveLength(3);
    group.down.delete(2);
    group.nodes[0]!.recovery.onPeerUp();
    group.run(1_200);
    expect(group.nodes[0]!.store.keys).toHaveLength(4);
  });

  it('of more than is remembered waits for a peer, and does not look at everything all the time', () => {
    const group = filled(MemoryJournal, UNSTORED_MAX + 100);
    const { store, recovery } = group.nodes[0]!;
    const begun = () => group.lines.filter((line) => line === 'the store is filled').length;
    store.entries.clear();
    group.down.add(1).add(2);
    group.run(60_000);
    expect(begun()).toBe(1);
    group.down.clear();
    recovery.onPeerUp();
    group.run(8_000);
    expect(begun()).toBe(2);
    expect(store.keys).toHaveLength(UNSTORED_MAX + 100);
  });

  it('passes over a peer that does not answer in time', () => {
    const group = filled(MemoryJournal, 4);
    const silent = group.nodes[1]!.recovery;
    silent.onMessage = () => {};
    group.nodes[0]!.store.entries.clear();
    group.run(3_000);
    expect(group.nodes[0]!.store.keys).toHaveLength(4);
  });

  it('brings what the store did not take while it was away, and nothing else is looked at', () => {
    const group = filled(MemoryJournal, 500);
    const { store, recovery } = group.nodes[0]!;
    store.down();
    group.run(100);
    group.write('k7', 1_000);
    group.write('new', 1_001);
    store.up();
    const before = store.sets;
    group.run();
    expect(store.entries.get('k7')!.version.time).toBe(1_000);
    expect(store.keys).toHaveLength(501);
    expect(store.sets - before).toBeLessThan(10);
    expect(recovery.refill.reason).toBe('');
  });

  it('looks at everything when more was missed than is remembered', () => {
    const group = filled(KeepingJournal, 10);
    const { store, recovery } = group.nodes[0]!;
    store.down();
    group.run(100);
    for (let key = 0; key <= UNSTORED_MAX; key++) group.write(`m${key}`, 1_000 + key);
    store.up();
    group.run(8_000);
    expect(store.keys).toHaveLength(10 + UNSTORED_MAX + 1);
    expect(recovery.refill.reason).toBe('it lacks many writes');
  });

  it('does not go on trying what the store refuses', () => {
    const group = filled(KeepingJournal, 5);
    const { store, recovery } = group.nodes[0]!;
    store.entries.clear();
    group.run(20);
    store.refusal = null;
    group.nowMs += 1_000;
    recovery.onTick();
    for (let step = 0; step < 4; step++) store.answer();
    store.refusal = new StoreError('STORE_TOO_LARGE', 'too large');
    group.run(2_000);
    const { sets } = store;
    group.run(10_000);
    expect(store.sets).toBe(sets);
    expect(recovery.refill.isRunning).toBe(false);
  });

  it('gets a value that a transfer brought a write without', () => {
    const group = filled(MemoryJournal, 1);
    const { replica, store } = group.nodes[0]!;
    for (const [id, node] of group.nodes.entries()) {
      const value = id === 0 ? null : Buffer.from('v');
      const version = { time: 5, node: 0 };
      node.replica.apply(setOf('bare', version, { value }), () => {});
    }
    expect(replica.unstored.isEmpty).toBe(false);
    group.run();
    expect(store.entries.get('bare')!.value.toString()).toBe('v');
  });

  it('ends when the store begins to evict', () => {
    const group = filled(KeepingJournal, 3_000);
    const { store, recovery } = group.nodes[0]!;
    store.entries.clear();
    group.nowMs += 1_000;
    recovery.onTick();
    for (let step = 0; step < 4; step++) {
      store.answer();
      recovery.onTick();
    }
    store.instanceNow = { ...store.instanceNow, evictions: 1 };
    group.nowMs += 1_000;
    group.run();
    expect(recovery.refill).toMatchObject({ isRunning: false, isFull: true });
    expect(store.keys.length).toBeLessThan(3_000);
    expect(group.lines.at(-1)).toBe('the store is full');
  });
});
