import { expect, it } from 'vitest';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import type { PeerBus } from '../../../src/membership/peer-bus.ts';
import type { Draft, Effect, SetEffect } from '../../../src/ordering/effect.ts';
import { VersionVector } from '../../../src/ordering/version-vector.ts';
import { Convergent } from '../../../src/replication/convergent/convergent.ts';
import type { SchemeMessage } from '../../../src/replication/messages.ts';
import { Replica } from '../../../src/replication/replica.ts';
import { newContext } from '../../../src/replication/request-context.ts';
import type { Scheme } from '../../../src/replication/scheme.ts';
import { StoreError } from '../../../src/store/driver.ts';
import type { EntryStore } from '../../../src/store/entry-store.ts';
import { HotEntries } from '../../../src/store/hot-entries.ts';
import { deleteOf, setOf } from '../../support/effects.ts';
import { schemePortsOf } from '../../support/scheme-ports.ts';

const STORE: EntryStore = {
  state: { up: true, itemBytesMax: null },
  instanceInfo: () => {},
  get: () => {},
  set: () => {},
  join: () => {},
  delete: () => {},
};

/** A controller at a convergent level, which has one entry already: it takes pushes in. */
function controller(vector: VersionVector, store = STORE, hot = new HotEntries(0), pushed: Effect[] = []) {
  const journal = new MemoryJournal();
  journal.record(setOf('other', { time: 1, node: 1 }));
  const replica = new Replica(journal, store, hot, () => 1);
  const bus: PeerBus<SchemeMessage> = {
    send: () => {},
    sendToAll: (message) => void (message.type === 'push' && pushed.push(...message.effects)),
    sendTo: () => {},
    isUp: () => false,
  };
  return { scheme: new Convergent(schemePortsOf(replica, store, { vector, bus })), journal };
}

/** Writes for a client that does not wait for what else it has asked. */
function write(scheme: Scheme, draft: Draft, done: () => void = () => {}): void {
  scheme.write(draft, done, newContext());
}

const set = (time: number, node: number): SetEffect =>
  setOf('k', { time, node }, { value: Buffer.from('v') });

it('regression: a push that came later than its successor, a forgotten deletion, brought the value back', () => {
  const known = VersionVector.zero(3);
  const { scheme, journal } = controller(known);
  const late = { type: 'push', previousTime: 0, effects: [set(5, 1)] } as const;
  scheme.onMessage(1, late);
  expect(journal.newest('k')?.tombstone).toBe(false);
  scheme.onMessage(2, { type: 'push', previousTime: 0, effects: [deleteOf('k', { time: 7, node: 2 })] });
  expect(known.times()).toEqual([0, 5, 7]);
  journal.forget(journal.newest('k')!);
  scheme.onMessage(1, late);
  expect(journal.newest('k')).toBeUndefined();
});

it('regression: a hot write was shown that the store refused, and that was taken back then (seed 2199)', () => {
  const answers: ((error: StoreError | null) => void)[] = [];
  const hot = new HotEntries(100_000);
  const store: EntryStore = { ...STORE, set: (_key, _entry, done) => answers.push(done) };
  const { scheme, journal } = controller(VersionVector.zero(3), store, hot);
  hot.offer('k', { ...set(1, 1), value: Buffer.from('old') }, 0);
  const draft = set(0, 0);
  write(scheme, draft);
  const { version } = journal.newest('k')!;
  expect(hot.get('k', version, 0)).toBeNull();
  answers.shift()!(new StoreError('STORE_DOWN', 'gone'));
  expect(hot.get('k', version, 0)).toBeNull();
  write(scheme, draft);
  answers.shift()!(null);
  expect(hot.get('k', journal.newest('k')!.version, 0)?.value.toString()).toBe('v');
});

it('regression: an announced flush was pushed before a write that waited for the store, and covered it', () => {
  const answers: (() => void)[] = [];
  const pushed: Effect[] = [];
  const store: EntryStore = { ...STORE, set: (_key, _entry, done) => void answers.push(() => done(null)) };
  const { scheme } = controller(VersionVector.zero(3), store, new HotEntries(0), pushed);
  const draft = set(0, 0);
  const told: string[] = [];
  write(scheme, draft, () => told.push('set'));
  write(scheme, { kind: 'flush-later', atMs: 9 }, () => told.push('flush'));
  write(scheme, draft, () => told.push('set after it'));
  scheme.flush();
  expect(pushed).toEqual([]);
  expect(scheme.pending).toBe(3);
  answers[0]!();
  expect(told).toEqual(['set', 'flush']);
  answers[1]!();
  expect(told).toEqual(['set', 'flush', 'set after it']);
  scheme.flush();
  const times = pushed.map(({ version }) => version.time);
  expect(times).toHaveLength(3);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

it('regression: a flush that an answer brought about was pushed before a flush that had waited (seed 702060)', () => {
  const answers: (() => void)[] = [];
  const pushed: Effect[] = [];
  const store: EntryStore = { ...STORE, set: (_key, _entry, done) => void answers.push(() => done(null)) };
  const { scheme } = controller(VersionVector.zero(3), store, new HotEntries(0), pushed);
  const told: string[] = [];
  write(scheme, set(0, 0), () => write(scheme, { kind: 'flush' }, () => told.push('second flush')));
  write(scheme, { kind: 'flush' }, () => told.push('first flush'));
  write(scheme, set(0, 0), () => told.push('set'));
  answers[0]!();
  expect(told).toEqual(['first flush']);
  answers[1]!();
  expect(told).toEqual(['first flush', 'set', 'second flush']);
  scheme.flush();
  const times = pushed.map(({ version }) => version.time);
  // The second flush ended the entry of the second write, so nobody is told of that write.
  expect(times).toHaveLength(3);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

it('regression: a write was pushed before the disk knew that an earlier one had been refused and taken back', () => {
  const answers: ((error: StoreError | null) => void)[] = [];
  const pushed: Effect[] = [];
  const known = VersionVector.zero(3);
  const store: EntryStore = { ...STORE, set: (_key, _entry, done) => void answers.push(done) };
  const { scheme, journal } = controller(known, store, new HotEntries(0), pushed);
  const asked: ((error: string | null) => void)[] = [];
  journal.whenDurable = (done) => void asked.push(done);
  const told: string[] = [];
  write(scheme, set(0, 0), () => told.push('refused'));
  write(scheme, set(0, 0), () => told.push('set'));
  write(scheme, { kind: 'flush-later', atMs: 9 }, () => told.push('flush'));
  answers[0]!(new StoreError('STORE_TIMEOUT', 'hangs'));
  answers[1]!(null);
  scheme.flush();
  expect(told).toEqual(['refused']);
  expect(pushed).toEqual([]);
  expect(known.timeOf(0)).toBe(0);
  expect(asked).toHaveLength(1);
  asked[0]!('the disk is full');
  expect(scheme.pending).toBe(2);
  scheme.onTick();
  asked[1]!(null);
  expect(told).toEqual(['refused', 'set', 'flush']);
  scheme.flush();
  expect(pushed).toHaveLength(2);
  expect(scheme.pending).toBe(0);
  write(scheme, set(0, 0), () => told.push('later'));
  answers[2]!(null);
  expect(told.at(-1)).toBe('later');
  expect(asked).toHaveLength(2);
});
