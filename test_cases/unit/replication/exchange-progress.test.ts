import { expect, it } from 'vitest';
import type { LogFields } from '../../../src/base/log.ts';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import { VersionVector } from '../../../src/ordering/version-vector.ts';
import { AntiEntropy } from '../../../src/replication/exchange/anti-entropy.ts';
import type { ExchangeMessage } from '../../../src/replication/exchange/messages.ts';
import { Replica } from '../../../src/replication/replica.ts';
import { HotEntries } from '../../../src/store/hot-entries.ts';
import { setOf } from '../../support/effects.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { clockAt, NO_LOG } from '../../support/ports.ts';

const WRITES = 5_000;

/** One that lacks everything, one that has it, and a network that takes so long for each message. */
function pair(messageMs: number) {
  const lines: { message: string; fields: LogFields | undefined }[] = [];
  const wire: { to: number; message: ExchangeMessage }[] = [];
  const stores = [new MemoryStore(), new MemoryStore()];
  let nowMs = 0;
  const syncs = stores.map((store, id) => {
    const replica = new Replica(new MemoryJournal(), store, new HotEntries(0), () => 0);
    const known = VersionVector.zero(1);
    for (let time = 1; id === 1 && time <= WRITES; time++) {
      const value = Buffer.from('v');
      replica.apply(setOf(`k${time}`, { time, node: 0 }, { value }), () => {});
    }
    if (id === 1) known.advance(0, WRITES);
    const send = (to: number, message: ExchangeMessage) => void wire.push({ to, message });
    return new AntiEntropy({
      node: id,
      mayTake: () => true,
      afterPending: () => false,
      isAuthority: true,
      whole: null,
      startEmpty: () => {},
      refuse: () => {},
      incarnationOf: () => 1,
      gapAfterMs: 0,
      bus: { send, sendToAll: () => {}, sendTo: () => {}, isUp: () => true },
      replica,
      vector: known,
      known: () => known,
      clock: clockAt(() => nowMs),
      merge: (effect) => void replica.merge(effect),
      onExchanged: () => {},
      nameOf: (peer) => `peer ${peer}`,
      log: { ...NO_LOG, info: (message, fields) => lines.push({ message, fields }) },
    });
  });
  const taking = syncs[0]!;
  /** @returns false when nothing was on its way */
  const step = (): boolean => {
    for (const store of stores) store.answerAll();
    const sent = wire.shift();
    if (sent === undefined) return false;
    nowMs += messageMs;
    const { to, message } = sent;
    syncs[to]!.onMessage(1 - to, message);
    return true;
  };
  return { taking, lines, step, now: () => nowMs };
}

it('a controller that takes in many writes logs its progress, at most once a second, and its end', () => {
  const { taking, lines, step, now } = pair(150);
  taking.pull(1);
  expect(taking.progressOf(1)).toBeNull();
  const seen: number[] = [];
  while (step()) {
    const progress = taking.progressOf(1);
    if (progress !== null) {
      expect(progress.total).toBe(WRITES);
      seen.push(progress.writes);
    }
  }
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(WRITES);
  expect(taking.progressOf(1)).toBeNull();
  const progress = lines.filter(({ message }) => message === 'taking in what a peer knows');
  expect(progress.length).toBeGreaterThan(0);
  expect(progress.length).toBeLessThanOrEqual(now() / 1_000);
  expect(progress[0]!.fields).toMatchObject({ peer: 'peer 1', of: WRITES });
  expect(lines.at(-1)).toEqual({
    message: 'has taken in what a peer knows',
    fields: { peer: 'peer 1', writes: WRITES, of: WRITES, ms: now() },
  });
  expect(taking.received).toBe(WRITES);
  expect([taking.durations.count, taking.durations.sumMs]).toEqual([1, now()]);
});

it('a controller that takes in few writes logs nothing', () => {
  const { taking, lines, step } = pair(1);
  taking.pull(1);
  while (step());
  expect(lines).toEqual([]);
});
