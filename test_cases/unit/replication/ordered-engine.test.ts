import { describe, expect, it } from 'vitest';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import { NOTHING_RECOVERED } from '../../../src/journal/recovered-state.ts';
import type { View } from '../../../src/membership/view.ts';
import { type Effect, NO_ENTRY } from '../../../src/ordering/effect.ts';
import { HybridClock } from '../../../src/ordering/hybrid-clock.ts';
import type { WriteOutcome } from '../../../src/replication/engine.ts';
import { OrderedEngine } from '../../../src/replication/ordered-engine.ts';
import { Replica } from '../../../src/replication/replica.ts';
import type { EntryStore } from '../../../src/store/entry-store.ts';
import { HotEntries } from '../../../src/store/hot-entries.ts';
import { wideWindows } from '../../support/reading.ts';

const NODE = 0;
const PEER = 1;
const NODES = 3;

const store = {
  state: { up: true, itemBytesMax: null },
  set: (_key: string, _entry: unknown, done: (error: null) => void) => done(null),
  delete: (_key: string, done: (error: null) => void) => done(null),
} as unknown as EntryStore;

const view = (counter: number): View => ({
  ballot: { counter, node: NODE },
  members: [0, 1, 2].map((node) => ({ node, incarnation: 1 })),
  reason: '',
});

/** One that serves in view 1, and stamps 1, 2, 3… */
function engineInView(): OrderedEngine {
  const engine = new OrderedEngine({
    node: NODE,
    nodes: NODES,
    clock: new HybridClock(NODE, () => 0),
    bus: { isUp: () => true, send() {}, multicast() {}, broadcast() {} },
    replica: new Replica(new MemoryJournal(NODES), store, new HotEntries(0), Date.now, wideWindows()),
    refuse() {},
    requestFlush() {},
    onChange() {},
    gate: () => ({ state: 'open' }),
    timeGate: () => null,
    queueBytesMax: 1_000_000,
    recovered: NOTHING_RECOVERED,
    durability: 'async',
    known: () => [0, 0, 0],
  });
  enter(engine, 1, []);
  return engine;
}

function enter(engine: OrderedEngine, counter: number, union: readonly Effect[]): void {
  engine.freeze();
  engine.adopt(view(counter), union, null, () => {});
  engine.install();
}

const draft = (key: string) => ({ ...NO_ENTRY, kind: 'set', key, value: Buffer.from('v') }) as const;

describe('a view change', () => {
  it('regression: of two requests with the same time those who waited for one were never told', () => {
    const engine = engineInView();
    const outcomes: WriteOutcome[] = [];
    engine.write(draft('own'), (outcome) => outcomes.push(outcome));
    const other: Effect = { ...draft('other'), version: { time: 1, node: PEER } };
    const { ballot } = view(1);
    const received = [0, 0, 0];
    engine.onFrame(PEER, { type: 'ordered', ballot, firstSeq: 1, effects: [other], streamEnd: 1, received });
    let read = 0;
    expect(engine.afterPending('own', () => read++)).toBe(true);
    expect(engine.afterPending('other', () => read++)).toBe(true);
    enter(engine, 2, []);
    expect(outcomes).toHaveLength(1);
    expect(read).toBe(2);
  });

  it('tells what became of a write that a view before it had left out, and that it has again', () => {
    const engine = engineInView();
    const outcomes: WriteOutcome[] = [];
    engine.write(draft('own'), (outcome) => outcomes.push(outcome));
    const [own] = engine.queued();
    let read = 0;
    engine.afterPending('own', () => read++);
    engine.freeze();
    engine.adopt(view(2), [], null, () => {});
    enter(engine, 3, [own!]);
    expect(outcomes).toEqual([{ kind: 'applied', existed: false, version: own!.version }]);
    expect(read).toBe(1);
  });
});
