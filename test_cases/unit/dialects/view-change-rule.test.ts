import { describe, expect, it } from 'vitest';
import { presentView } from '../../../src/dialects/view-change/change/leader.ts';
import {
  checkedMessage,
  type StatusAnswer,
  StepFailed,
} from '../../../src/dialects/view-change/change/messages.ts';
import { isProof, proofOf } from '../../../src/dialects/view-change/change/proof.ts';
import {
  participantsOf,
  type ServedView,
  shardsIn,
} from '../../../src/dialects/view-change/change/served-view.ts';
import { type Standing, verdictOf } from '../../../src/dialects/view-change/change/verdict.ts';

const viewOf = (id: string, nodes: string, number = 0, factor = 1): ServedView => ({
  id,
  number,
  nodes: nodes === '' ? [] : nodes.split(','),
  factor,
  paths: 'shards',
});

describe('what a node does that is ready and hears its leader no more', () => {
  it.each<[Standing[], string]>([
    [['committed', 'ready', 'unreachable'], 'commit'],
    [['ready', 'ready', 'dead'], 'commit'],
    [['dead', 'dead'], 'commit'],
    [['aborted', 'ready', 'unreachable'], 'abort'],
    [['none', 'dead'], 'abort'],
    [['ready', 'unreachable'], 'wait'],
    [['prepared', 'dead'], 'wait'],
    [['ready', 'leading'], 'wait'],
  ])('%j: %s', (others, verdict) => {
    expect(verdictOf(others)).toBe(verdict);
  });

  /**
   * Every way in which a change of three nodes can stop. The leader, which is the first node, commits only once all are
   * ready, and aborts only while it has not committed. A node that is prepared may abort by itself.
   */
  it('is never the opposite of what another node has done', () => {
    const ends: Standing[] = ['prepared', 'ready', 'committed', 'aborted', 'dead', 'unreachable'];
    for (const leader of ends)
      for (const other of ends) {
        const standings = [leader, other];
        const wereAllReady = !standings.includes('prepared') && !standings.includes('aborted');
        if (standings.includes('committed') && !wereAllReady) continue;
        const verdict = verdictOf(standings);
        if (standings.includes('committed')) expect(verdict).toBe('commit');
        if (standings.includes('aborted')) expect(verdict).toBe('abort');
        // A node that is prepared may abort later, and one that cannot be asked may have done either.
        const isOpen = standings.includes('prepared') || standings.includes('unreachable');
        if (isOpen && !standings.includes('committed') && !standings.includes('aborted'))
          expect(verdict).toBe('wait');
      }
  });
});

describe('the view that is to be changed', () => {
  const statusOf = (view: ServedView, keys = 0): StatusAnswer => ({ run: 'r', view, keys, standing: null });
  const [ab, abcd] = [viewOf('ab', 'a,b'), viewOf('abcd', 'a,b,c,d')];

  it('is that of the asked node where all its nodes serve in it', () => {
    const statuses = new Map(['a', 'b'].map((node) => [node, statusOf(ab)]));
    expect(presentView(ab, 'a', statuses)).toBe(ab);
  });

  it('is that of the old nodes for a new one that was told the new view', () => {
    const statuses = new Map([
      ['a', statusOf(ab, 2)],
      ['b', statusOf(ab)],
      ['c', statusOf(abcd)],
      ['d', statusOf(abcd)],
    ]);
    expect(presentView(abcd, 'c', statuses)).toBe(ab);
  });

  it('is that with keys, and the newest one', () => {
    const [cd, newer] = [viewOf('cd', 'c,d'), viewOf('x', 'a,b', 2)];
    const waiting = viewOf('waiting', '');
    const both = (one: ServedView, keys: number) =>
      new Map([
        ['a', statusOf(one, keys)],
        ['b', statusOf(one, keys)],
        ['c', statusOf(cd, 0)],
        ['d', statusOf(cd, 0)],
        ['e', statusOf(waiting)],
      ]);
    expect(presentView(waiting, 'e', both(ab, 1))).toBe(ab);
    expect(presentView(waiting, 'e', both(newer, 0))).toBe(newer);
    expect(() => presentView(waiting, 'e', both(ab, 0))).toThrow(StepFailed);
  });

  it('is none where nobody has one', () => {
    const waiting = viewOf('waiting', '');
    expect(presentView(waiting, 'e', new Map([['e', statusOf(waiting)]])).nodes).toEqual([]);
  });
});

describe('a view', () => {
  it('has its shards in the order of its nodes', () => {
    expect(shardsIn(viewOf('v', 'a,b,c,d', 0, 2))).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(shardsIn(viewOf('v', ''))).toEqual([]);
    expect(participantsOf({ from: viewOf('v', 'a,b'), to: viewOf('w', 'b,c') })).toEqual(['a', 'b', 'c']);
  });
});

describe('a message of a view change', () => {
  const to = viewOf('id', 'a,b', 1);
  const change = { id: 'id', from: viewOf('old', 'a'), to, leader: 'a', runs: { a: '1', b: '2' } };

  it.each([
    { step: 'status', id: null },
    { step: 'prepare', change },
    { step: 'count', id: 'id', of: 'new' },
    { step: 'take', id: 'id', entries: [['key', 'dmFsdWU=']] },
    { step: 'commit', id: 'id' },
  ])('%j is taken', (message) => {
    expect(checkedMessage(message)).toEqual(message);
  });

  it.each([
    null,
    'text',
    {},
    { step: 'other', id: 'id' },
    { step: 'status' },
    { step: 'count', id: 'id', of: 'all' },
    { step: 'take', id: 'id', entries: [['key']] },
    { step: 'commit', id: 7 },
    { step: 'prepare', change: null },
    { step: 'prepare', change: { ...change, id: 'another' } },
    { step: 'prepare', change: { ...change, to: { ...to, factor: 3 } } },
    { step: 'prepare', change: { ...change, to: { ...to, nodes: [] } } },
    { step: 'prepare', change: { ...change, runs: null } },
  ])('%j is refused', (message) => {
    expect(() => checkedMessage(message)).toThrow(StepFailed);
  });

  it('is proved for one number, one content and one direction', () => {
    const [secret, body] = [Buffer.from('a secret of nodes'), Buffer.from('{}')];
    const proof = proofOf(secret, 'question', 'once', body);
    expect(isProof(proof, proofOf(secret, 'question', 'once', body))).toBe(true);
    for (const other of [
      proofOf(secret, 'answer', 'once', body),
      proofOf(secret, 'question', 'twice', body),
      proofOf(secret, 'question', 'once', Buffer.from('{ }')),
      proofOf(Buffer.from('another secret'), 'question', 'once', body),
      '',
    ])
      expect(isProof(other, proof)).toBe(false);
  });
});
