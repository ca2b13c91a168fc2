import { afterEach, describe, expect, it } from 'vitest';
import type { Journal, JournalRecord } from '../../src/journal/journal.ts';
import type { Effect, FlushEffect, SetEffect } from '../../src/ordering/effect.ts';
import { TICKS_PER_MS, VERSION_EPOCH_MS } from '../../src/ordering/version.ts';
import { VersionVector } from '../../src/ordering/version-vector.ts';
import { readValue } from './disk-journals.ts';
import { deleteOf, keyOf, setOf } from './effects.ts';

const set = (key: string, time: number, node = 0): SetEffect => setOf(key, { time, node });
const flush = (time: number): FlushEffect => ({ kind: 'flush', version: { time, node: 0 } });
const timed = (kind: 'flush-later' | 'flush-due', time: number, atMs: number): Effect => ({
  kind,
  version: { time, node: 0 },
  atMs,
});

/** The moment of announced flushes, and the version time that belongs to it. */
const MOMENT_MS = VERSION_EPOCH_MS + 100;
const MOMENT_TIME = 100 * TICKS_PER_MS;

const allOf = (journal: Journal): string[] =>
  journal
    .since(VersionVector.zero(2))
    .map((effect) => `${effect.kind} ${keyOf(effect) ?? ''}@${effect.version.time}`);

/** Makes an empty journal of two controllers, with a function that closes it. */
export type MakeJournal = () => Promise<{ readonly journal: Journal; readonly close: () => Promise<void> }>;

/** The tests that every journal has to pass; see `Journal`. */
export function describeJournal(name: string, make: MakeJournal): void {
  describe(`${name}: journal acceptance`, () => {
    const closes: (() => Promise<void>)[] = [];
    const journalOf: JournalOf = async (...effects) => {
      const { journal, close } = await make();
      closes.push(close);
      for (const effect of effects) journal.record(effect);
      return journal;
    };
    afterEach(async () => {
      for (const close of closes.splice(0)) await close();
    });

    sampleTests(journalOf);
    flushTests(journalOf);
    writeTests(journalOf);
  });
}

/** Makes an empty journal, and records the effects. */
type JournalOf = (...effects: readonly Effect[]) => Promise<Journal>;

function sampleTests(journalOf: JournalOf): void {
  it('samples all records in turn, and then begins again', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const journal = await journalOf(...keys.map((key, index) => set(key, index + 1)));
    const round = () => [1, 2, 3].flatMap(() => journal.sample(2).map((record) => record.key));
    expect(round().sort()).toEqual(keys);
    expect(round().sort()).toEqual(keys);
    expect((await journalOf()).sample(5)).toEqual([]);
  });

  it('goes on sampling while records are added and removed', async () => {
    const journal = await journalOf(...['a', 'b', 'c', 'd'].map((key, index) => set(key, index + 1)));
    for (const record of journal.sample(2)) journal.forget(record);
    journal.record(set('e', 9));
    journal.record(set('c', 10));
    const samples = [1, 2].flatMap(() => journal.sample(9).map((record) => record.key));
    expect(samples.slice(0, 2)).toEqual(['c', 'd']);
    expect(samples).toContain('e');
    journal.record(flush(11));
    expect(journal.sample(9)).toEqual([]);
  });

  it('walks through all records, although some are added or removed meanwhile', async () => {
    const journal = await journalOf(...['a', 'b', 'c'].map((key, index) => set(key, index + 1)));
    const walk = journal.walk();
    const next = () => {
      const { done, value } = walk.next();
      return done === true ? undefined : value.key;
    };
    expect(next()).toBe('a');
    journal.forget(journal.newest('b')!);
    expect(next()).toBe('c');
    journal.record(set('d', 9));
    expect(['d', undefined]).toContain(next());
    expect(next()).toBe(undefined);
    const interrupted = journal.walk();
    interrupted.next();
    journal.record(flush(11));
    for (let left = 0; left < 9; left++) interrupted.next();
    expect(journal.walk().next().done).toBe(true);
  });

  it('walks from place to place, through each record once', async () => {
    const keys = Array.from({ length: 10 }, (_, index) => `key-${index}`);
    const journal = await journalOf(...keys.map((key, index) => set(key, index + 1)));
    const found: string[] = [];
    for (let from: number | null = 0, walks = 0; from !== null; walks++) {
      expect(walks).toBeLessThan(20);
      const walk: Iterator<JournalRecord, number | null> = journal.walk(from, 3);
      let step = walk.next();
      for (; step.done !== true; step = walk.next()) found.push(step.value.key);
      from = step.value;
      journal.record(set('key-0', 100 + walks));
    }
    expect(found.sort()).toEqual(keys);
  });

  it('forgets a record only while it is the newest of its key', async () => {
    const journal = await journalOf(set('a', 1));
    const old = journal.newest('a')!;
    journal.record(set('a', 2));
    journal.forget(old);
    expect(journal.newest('a')?.version.time).toBe(2);
  });
}

function flushTests(journalOf: JournalOf): void {
  it('returns no record after a flush or after forgetting it, also when it was asked for just before', async () => {
    const journal = await journalOf(set('a', 1));
    expect(journal.newest('a')).toBeDefined();
    journal.record(flush(2));
    expect(journal.newest('a')).toBeUndefined();
    journal.record(set('a', 3));
    journal.forget(journal.newest('a')!);
    expect(journal.newest('a')).toBeUndefined();
  });

  it('reports an entry as not live from its expiry on, and from the moment of an announced flush', async () => {
    const expiring = { ...set('a', 1), expiresAtMs: MOMENT_MS };
    const journal = await journalOf(expiring);
    const live = (nowMs: number) => journal.isLive(journal.newest('a')!, nowMs);
    expect([live(MOMENT_MS - 1), live(MOMENT_MS)]).toEqual([true, false]);
    journal.record(set('a', 2));
    journal.record(timed('flush-later', 3, MOMENT_MS));
    expect([live(MOMENT_MS - 1), live(MOMENT_MS)]).toEqual([true, false]);
    journal.record(set('a', MOMENT_TIME));
    expect(live(MOMENT_MS)).toBe(true);
  });

  it('removes by a due flush only the writes from before its moment', async () => {
    const journal = await journalOf(set('old', MOMENT_TIME - 1), set('new', MOMENT_TIME));
    journal.record(timed('flush-later', MOMENT_TIME - 5, MOMENT_MS));
    journal.record(timed('flush-due', MOMENT_TIME + 5, MOMENT_MS));
    expect(journal.announcedFlush).toBeNull();
    expect(journal.newest('old')).toBeUndefined();
    expect(journal.newest('new')).toBeDefined();
    expect(journal.record(set('late', MOMENT_TIME - 2))).toBe(false);
  });

  it('regression: an announcement that came after a newer flush took effect', async () => {
    const journal = await journalOf(flush(5), timed('flush-later', 3, MOMENT_MS));
    expect(journal.announcedFlush).toBeNull();
    expect(allOf(journal)).toEqual(['flush @5']);
  });

  it('regression: a peer that was away while an announced flush came due never received it', async () => {
    const here = await journalOf(set('a', 1), timed('flush-later', 2, MOMENT_MS));
    const there = await journalOf(set('a', 1));
    here.record(timed('flush-due', MOMENT_TIME, MOMENT_MS));
    expect(here.announcedFlush).toBeNull();
    for (const effect of here.since(new VersionVector([1, 0]))) there.record(effect);
    expect(there.isLive(there.newest('a')!, MOMENT_MS)).toBe(false);
    expect(there.announcedFlush?.atMs).toBe(MOMENT_MS);
    expect(here.record(timed('flush-later', 2, MOMENT_MS))).toBe(false);
  });

  it('does not bring back, by a revert, a record that a flush has removed meanwhile', async () => {
    const journal = await journalOf(set('a', 1));
    const previous = journal.newest('a');
    journal.record(set('a', 3));
    journal.record(flush(2));
    journal.revert({ time: 3, node: 0 }, 'a', previous);
    expect(journal.newest('a')).toBeUndefined();
    expect(journal.records).toBe(0);
  });
}

function writeTests(journalOf: JournalOf): void {
  it('makes a staged request a completed write by recording it, and not before', async () => {
    const journal = await journalOf(set('a', 1));
    journal.stage({ ...set('a', 2), value: Buffer.from('held') });
    journal.stage(set('b', 3, 1));
    expect(allOf(journal)).toEqual(['set a@1']);
    expect(journal.record({ ...set('a', 2), value: Buffer.from('held') })).toBe(true);
    journal.discard({ time: 3, node: 1 });
    expect(allOf(journal)).toEqual(['set a@2']);
  });

  it('adds a value to the write that came without it, and to no other write', async () => {
    const journal = await journalOf(set('a', 1), set('b', 2));
    journal.addValue({ ...set('a', 1), value: Buffer.from('late') });
    journal.addValue({ ...set('b', 1), value: Buffer.from('of another') });
    expect(allOf(journal)).toEqual(['set a@1', 'set b@2']);
    expect(['late', undefined]).toContain(
      (await readValue(journal, 'a', { time: 1, node: 0 }))?.value?.toString(),
    );
    expect(await readValue(journal, 'b', { time: 2, node: 0 })).toBeNull();
  });

  it('reports that everything is durable, in the order of the calls', async () => {
    const journal = await journalOf(set('a', 1));
    const said: string[] = [];
    const ask = (what: string) =>
      new Promise<void>((resolve) => {
        journal.whenDurable((error) => {
          said.push(`${what} ${error}`);
          resolve();
        });
      });
    const first = ask('first');
    journal.record(set('b', 2));
    journal.recordWatermarks({ applied: { time: 2, node: 0 }, known: [2, 0] });
    await Promise.all([first, ask('second')]);
    expect(said).toEqual(['first null', 'second null']);
    expect(journal.state).toEqual({ writable: true });
  });

  it('has no value of a write that was superseded, deleted, or never recorded', async () => {
    const journal = await journalOf({ ...set('a', 1), value: Buffer.from('one') });
    journal.record(deleteOf('a', { time: 2, node: 0 }));
    expect(await readValue(journal, 'a', { time: 1, node: 0 })).toBeNull();
    expect(await readValue(journal, 'a', { time: 2, node: 0 })).toBeNull();
    expect(await readValue(journal, 'b', { time: 1, node: 0 })).toBeNull();
  });
}
