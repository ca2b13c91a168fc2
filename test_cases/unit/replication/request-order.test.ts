import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../../src/base/invariant-error.ts';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import { NOTHING_RECOVERED } from '../../../src/journal/recovered-state.ts';
import type { View } from '../../../src/membership/view.ts';
import type { Effect } from '../../../src/ordering/effect.ts';
import { HybridClock } from '../../../src/ordering/hybrid-clock.ts';
import { compareVersions, type Version } from '../../../src/ordering/version.ts';
import { Broadcast } from '../../../src/replication/broadcast/broadcast.ts';
import type { OrderedFrame } from '../../../src/replication/broadcast/messages.ts';
import { RequestOrder } from '../../../src/replication/ordered/request-order.ts';
import { Replica } from '../../../src/replication/replica.ts';
import type { WriteOutcome } from '../../../src/replication/scheme.ts';
import type { EntryStore } from '../../../src/store/entry-store.ts';
import { HotEntries } from '../../../src/store/hot-entries.ts';
import { decidingPorts } from '../../support/deciding-ports.ts';
import { setOf } from '../../support/effects.ts';

const NODE = 0;
const PEER = 1;

const store = {
  state: { up: true, itemBytesMax: null },
  set: (_key: string, _entry: unknown, done: (error: null) => void) => done(null),
  delete: (_key: string, done: (error: null) => void) => done(null),
} as unknown as EntryStore;

const view = (counter: number): View => ({
  ballot: { counter, node: NODE },
  members: [0, 1, 2].map((node) => ({ node, incarnation: 1 })),
  reason: '',
  placement: null,
  configuration: null,
});

/** One that serves in view 1, and stamps 1, 2, 3… */
function orderInView(refuse: (peer: number, reason: string) => void = () => {}): RequestOrder {
  const replica = new Replica(new MemoryJournal(), store, new HotEntries(0), Date.now);
  const ports = {
    node: NODE,
    clock: { nowMs: () => 0, wallMs: () => 0 },
    versions: new HybridClock(NODE, () => 0),
    bus: { isUp: () => true, send() {}, sendTo() {}, sendToAll() {} },
    replica,
    ...decidingPorts(replica, store),
    refuse,
    requestFlush() {},
    onChange() {},
    isEnding: () => false,
    queueBytesMax: 1_000_000,
    recovered: NOTHING_RECOVERED,
    hasEntries: true,
    durability: 'async',
    recordedKnown: () => [0, 0, 0],
  } as const;
  const order = new RequestOrder(ports, (agreement) => new Broadcast(agreement));
  enter(order, 1, []);
  return order;
}

function enter(order: RequestOrder, counter: number, union: readonly Effect[]): void {
  order.freeze();
  order.adopt(view(counter), union, null, () => {});
  order.install();
}

const draft = (key: string) => setOf(key, { time: 0, node: 0 }, { value: Buffer.from('v') });

describe('a view change', () => {
  it('regression: a transfer into the state that a view was accepted with ended the process', () => {
    const order = orderInView();
    expect(order.phase.mayMerge).toBe(true);
    order.freeze();
    order.adopt(view(2), [], null, () => {});
    expect(order.phase.mayMerge).toBe(false);
    expect(() => order.merge(draft('late'))).toThrow(InvariantError);
    order.freeze();
    expect(order.phase.mayMerge).toBe(true);
  });

  it('regression: of two requests with the same time, reads that waited for one were never told', () => {
    const order = orderInView();
    const outcomes: WriteOutcome[] = [];
    order.write(draft('own'), (outcome) => outcomes.push(outcome));
    const other: Effect = { ...draft('other'), version: { time: 1, node: PEER } };
    const { ballot } = view(1);
    const received = [0, 0, 0];
    order.onMessage(PEER, { type: 'ordered', ballot, firstSeq: 1, effects: [other], streamEnd: 1, received });
    let read = 0;
    expect(order.afterPending('own', () => read++)).toBe(true);
    expect(order.afterPending('other', () => read++)).toBe(true);
    enter(order, 2, []);
    expect(outcomes).toHaveLength(1);
    expect(read).toBe(2);
  });

  it('tells what became of a write that an earlier view did not contain, and that the new view contains again', () => {
    const order = orderInView();
    const outcomes: WriteOutcome[] = [];
    order.write(draft('own'), (outcome) => outcomes.push(outcome));
    const [own] = order.queued();
    let read = 0;
    order.afterPending('own', () => read++);
    order.freeze();
    order.adopt(view(2), [], null, () => {});
    enter(order, 3, [own!]);
    expect(outcomes).toEqual([{ kind: 'applied', existed: false, version: own!.version }]);
    expect(read).toBe(1);
  });

  it('regression: a write was stamped with a smaller version than the state that was copied', () => {
    const order = orderInView();
    const copied: Version = { time: 1_000, node: PEER };
    order.freeze();
    order.adopt(view(2), [], copied, () => {});
    order.install();
    order.write(draft('own'), () => {});
    expect(compareVersions(order.newestQueued, copied)).toBeGreaterThan(0);
  });
});

describe('a frame of a peer that lies', () => {
  const from = (effects: readonly Effect[], received: readonly number[], firstSeq = 1): OrderedFrame => ({
    type: 'ordered',
    ballot: view(1).ballot,
    firstSeq,
    effects,
    streamEnd: firstSeq + effects.length - 1,
    received,
  });
  const at = (time: number): Effect => ({ ...draft('k'), version: { time, node: PEER } });

  it.each<[string, OrderedFrame[], string]>([
    [
      'regression: a request behind later ones of the same peer ended the process',
      [from([at(5)], [0, 1, 0]), from([at(4)], [0, 2, 0], 2)],
      'it sends a request after later ones',
    ],
    [
      'an acknowledgement of what was never sent',
      [from([], [1, 0, 0])],
      'it acknowledges requests that were never sent',
    ],
  ])('is refused: %s', (_, frames, reason) => {
    const refusals: string[] = [];
    const order = orderInView((peer, words) => refusals.push(`${peer}: ${words}`));
    for (const frame of frames) order.onMessage(PEER, frame);
    expect(refusals).toEqual([`${PEER}: ${reason}`]);
  });

  it('regression: a request behind what is applied here ended the process', () => {
    const refusals: string[] = [];
    const order = orderInView((_, words) => refusals.push(words));
    order.write(draft('own'), () => {});
    order.onMessage(PEER, from([at(10)], [1, 1, 0]));
    order.onMessage(2, from([], [1, 1, 0]));
    expect(order.applied.time).toBe(10);
    order.onMessage(2, from([{ ...draft('k'), version: { time: 3, node: 2 } }], [1, 1, 1]));
    expect(refusals).toEqual(['it sends a request after later ones']);
  });

  it('is not kept without a bound while a view is not yet installed', () => {
    const refusals: string[] = [];
    const order = orderInView((_, words) => refusals.push(words));
    order.freeze();
    order.adopt(view(2), [], null, () => {});
    const large = { ...at(5), value: Buffer.alloc(900_000) };
    for (let i = 0; i < 6; i++)
      order.onMessage(PEER, { ...from([large], [0, 0, 0]), ballot: view(2).ballot });
    expect(refusals).toEqual(new Array(2).fill('it sends too much before a view is installed'));
  });
});
