import { expect, it } from 'vitest';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import type { PeerBus } from '../../../src/membership/peer-bus.ts';
import type { Effect, SetEffect } from '../../../src/ordering/effect.ts';
import { HybridClock } from '../../../src/ordering/hybrid-clock.ts';
import { VersionVector } from '../../../src/ordering/version-vector.ts';
import { ConvergentEngine } from '../../../src/replication/convergent/convergent-engine.ts';
import type { Push } from '../../../src/replication/convergent/messages.ts';
import { Replica } from '../../../src/replication/replica.ts';
import { StoreError } from '../../../src/store/driver.ts';
import type { EntryStore } from '../../../src/store/entry-store.ts';
import { HotEntries } from '../../../src/store/hot-entries.ts';
import { deleteOf, setOf } from '../../support/effects.ts';
import { wideWindows } from '../../support/reading.ts';

const STORE: EntryStore = {
  state: { up: true, itemBytesMax: null },
  vitals: () => {},
  get: () => {},
  set: () => {},
  delete: () => {},
};

function engineOf(known: VersionVector, store = STORE, hot = new HotEntries(0), pushed: Effect[] = []) {
  const journal = new MemoryJournal(3);
  const engine = new ConvergentEngine({
    node: 0,
    versions: new HybridClock(0, () => 1),
    bus: {
      broadcast: (message) => void (message.type === 'push' && pushed.push(...message.effects)),
    } as PeerBus<Push>,
    replica: new Replica(journal, store, hot, () => 1, wideWindows()),
    known,
    ownPastKnown: () => true,
    requestFlush: () => {},
    caughtUp: () => true,
    timeGate: () => null,
    sync: false,
  });
  return { engine, journal };
}

const set = (time: number, node: number): SetEffect =>
  setOf('k', { time, node }, { value: Buffer.from('v') });

it('regression: a push that came later than its successor, a forgotten deletion, brought the value back', () => {
  const known = VersionVector.zero(3);
  const { engine, journal } = engineOf(known);
  const late = { type: 'push', previousTime: 0, effects: [set(5, 1)] } as const;
  engine.onPush(1, late);
  expect(journal.newest('k')?.tombstone).toBe(false);
  engine.onPush(2, { type: 'push', previousTime: 0, effects: [deleteOf('k', { time: 7, node: 2 })] });
  expect(known.times()).toEqual([0, 5, 7]);
  journal.forget(journal.newest('k')!);
  engine.onPush(1, late);
  expect(journal.newest('k')).toBeUndefined();
});

it('regression: a hot write was shown that the store refused, and that was taken back then (seed 2199)', () => {
  const answers: ((error: StoreError | null) => void)[] = [];
  const hot = new HotEntries(100_000);
  const store: EntryStore = { ...STORE, set: (_key, _entry, done) => answers.push(done) };
  const { engine, journal } = engineOf(VersionVector.zero(3), store, hot);
  hot.offer('k', { ...set(1, 1), value: Buffer.from('old') }, 0);
  const draft = set(0, 0);
  engine.write(draft, () => {});
  const { version } = journal.newest('k')!;
  expect(hot.get('k', version, 0)).toBeNull();
  answers.shift()!(new StoreError('STORE_DOWN', 'gone'));
  expect(hot.get('k', version, 0)).toBeNull();
  engine.write(draft, () => {});
  answers.shift()!(null);
  expect(hot.get('k', journal.newest('k')!.version, 0)?.value.toString()).toBe('v');
});

it('regression: an announced flush was pushed before a write that waited for the store, and covered it', () => {
  const answers: (() => void)[] = [];
  const pushed: Effect[] = [];
  const store: EntryStore = { ...STORE, set: (_key, _entry, done) => void answers.push(() => done(null)) };
  const { engine } = engineOf(VersionVector.zero(3), store, new HotEntries(0), pushed);
  const draft = set(0, 0);
  const told: string[] = [];
  engine.write(draft, () => told.push('set'));
  engine.write({ kind: 'flush-later', atMs: 9 }, () => told.push('flush'));
  engine.write(draft, () => told.push('set after it'));
  engine.flush();
  expect(pushed).toEqual([]);
  expect(engine.pending).toBe(3);
  answers[0]!();
  expect(told).toEqual(['set', 'flush']);
  answers[1]!();
  expect(told).toEqual(['set', 'flush', 'set after it']);
  engine.flush();
  const times = pushed.map(({ version }) => version.time);
  expect(times).toHaveLength(3);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});
