import { describe, expect, it } from 'vitest';
import type { StatusAnswer } from '../../../src/dialects/view-change/change/messages.ts';
import { newerView } from '../../../src/dialects/view-change/change/newer-view.ts';
import type { ServedView } from '../../../src/dialects/view-change/change/served-view.ts';

function viewOf(number: number, ...nodes: readonly string[]): ServedView {
  return { id: `${number}-${nodes.join('')}`, number, nodes, factor: 1, paths: 'shards' };
}

const FIRST = viewOf(0, 'a', 'b');
const NEWER = viewOf(2, 'a', 'c');

/** What node `a` goes by. */
function goesBy(
  view: ServedView,
  keys: number,
  said: Readonly<Record<string, ServedView>>,
): ServedView | null {
  const statuses = Object.entries(said).map(([node, served]): [string, StatusAnswer] => [
    node,
    { run: node, view: served, keys: 0, standing: null },
  ]);
  return newerView({ address: 'a', view, keys }, new Map(statuses));
}

describe('a node that hears of other views', () => {
  it('stays where it is if they are the same, or older', () => {
    expect(goesBy(FIRST, 0, { b: FIRST })).toBeNull();
    expect(goesBy(FIRST, 0, { b: viewOf(0, 'b') })).toBeNull();
    expect(goesBy(NEWER, 0, { b: FIRST })).toBeNull();
    expect(goesBy(FIRST, 0, {})).toBeNull();
  });

  it('serves in the newest one that names it', () => {
    expect(goesBy(FIRST, 0, { b: NEWER })).toBe(NEWER);
    expect(goesBy(FIRST, 0, { b: viewOf(1, 'a', 'b'), c: NEWER })).toBe(NEWER);
    // A node that has left says which view it has left, and is in none.
    expect(goesBy(FIRST, 0, { b: viewOf(2), c: NEWER })).toBe(NEWER);
  });

  it('waits where the newest one does not name it, and may still be named later', () => {
    const waiting = goesBy(FIRST, 0, { b: viewOf(2, 'b', 'c') });
    expect(waiting).toMatchObject({ number: 0, nodes: [] });
    expect(goesBy(waiting!, 0, { b: viewOf(2, 'b', 'c') })).toBeNull();
    expect(goesBy(waiting!, 0, { c: NEWER })).toBe(NEWER);
    expect(goesBy(FIRST, 0, { b: viewOf(1, 'a', 'b'), c: viewOf(2, 'c') })).toMatchObject({ nodes: [] });
  });

  it('believes only the nodes of its own view once it has keys', () => {
    expect(goesBy(FIRST, 1, { c: NEWER })).toBeNull();
    expect(goesBy(FIRST, 1, { b: NEWER })).toBe(NEWER);
  });
});
