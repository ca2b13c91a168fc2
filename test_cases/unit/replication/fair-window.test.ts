import { expect, it } from 'vitest';
import { FairWindow, QUANTUM_BYTES } from '../../../src/replication/fair-window.ts';

const MAX = 100_000;
const LARGE = 40_000;

/** A window, and what was issued through it, in order. */
function windowOf(): { window: FairWindow; issued: string[]; ask: (flow: Named, bytes: number) => void } {
  const issued: string[] = [];
  const window = new FairWindow(MAX, () => {});
  const ask = (flow: Named, bytes: number): void => {
    if (window.enter(bytes)) issued.push(flow.name);
    else
      window.wait(flow, { bytes, isGone: () => flow.gone, go: () => issued.push(flow.name), drop: () => {} });
  };
  return { window, issued, ask };
}

interface Named {
  readonly name: string;
  queuedReads: number;
  gone: boolean;
}

const flowOf = (name: string): Named => ({ name, queuedReads: 0, gone: false });

it('issues reads while fewer bytes than its bound are under way, and never more than one value beyond', () => {
  const { window, issued, ask } = windowOf();
  const greedy = flowOf('greedy');
  for (let at = 0; at < 10; at++) ask(greedy, LARGE);
  expect(issued).toHaveLength(3);
  expect(greedy.queuedReads).toBe(7);
  window.leave(LARGE);
  expect(issued).toHaveLength(4);
  expect(window.bytes).toBeLessThan(MAX + LARGE);
});

it('lets a value pass that is larger than the bound, alone', () => {
  const { window, issued, ask } = windowOf();
  ask(flowOf('one'), 10 * MAX);
  ask(flowOf('two'), 10 * MAX);
  expect(issued).toEqual(['one']);
  window.leave(10 * MAX);
  expect(issued).toEqual(['one', 'two']);
});

it('puts the small read of a flow that has not waited lately before all that greedy flows have queued', () => {
  const { window, issued, ask } = windowOf();
  const greedy = Array.from({ length: 20 }, (_, at) => flowOf(`greedy ${at}`));
  for (let round = 0; round < 50; round++) for (const flow of greedy) ask(flow, LARGE);
  for (const _ of greedy) window.leave(LARGE);
  issued.length = 0;
  ask(flowOf('polite'), 100);
  window.leave(LARGE);
  expect(issued[0]).toBe('polite');
});

it('gives flows equal bytes, however large their values and however many their reads', () => {
  const { window, ask, issued } = windowOf();
  const [large, small] = [flowOf('large'), flowOf('small')];
  for (let at = 0; at < 400; at++) ask(large, LARGE);
  for (let at = 0; at < 4_000; at++) ask(small, LARGE / 10);
  issued.length = 0;
  for (let at = 0; at < 200; at++) window.leave(LARGE);
  const count = (name: string) => issued.filter((one) => one === name).length;
  expect(Math.abs(count('large') * LARGE - (count('small') * LARGE) / 10)).toBeLessThan(4 * QUANTUM_BYTES);
});

it('does not let a flow stay ahead of the others by asking for little at a time', () => {
  const { window, ask, issued } = windowOf();
  const [queued, sly] = [flowOf('queued'), flowOf('sly')];
  for (let at = 0; at < 100; at++) ask(queued, LARGE);
  ask(sly, 100);
  issued.length = 0;
  for (let at = 0; at < 50; at++) {
    window.leave(LARGE);
    ask(sly, LARGE);
  }
  expect(issued.filter((name) => name === 'queued').length).toBeGreaterThan(15);
});

it('issues nothing for readers that are gone', () => {
  const { window, issued, ask } = windowOf();
  const leaving = flowOf('leaving');
  for (let at = 0; at < 100; at++) ask(leaving, LARGE);
  ask(flowOf('next'), LARGE);
  leaving.gone = true;
  issued.length = 0;
  for (let at = 0; at < 3; at++) window.leave(LARGE);
  expect(issued).toEqual(['next']);
  expect(leaving.queuedReads).toBe(0);
  expect(window.flows).toBe(0);
  expect(window.bytes).toBe(LARGE);
});

it('counts what was given from memory until the end of the turn', () => {
  let asked = 0;
  const window = new FairWindow(MAX, () => asked++);
  for (let at = 0; at < 3; at++) {
    expect(window.enter(LARGE)).toBe(true);
    window.leaveAtTurnEnd(LARGE);
  }
  expect(window.enter(LARGE)).toBe(false);
  expect(asked).toBe(1);
  window.onTurnEnd();
  expect(window.enter(LARGE)).toBe(true);
});
