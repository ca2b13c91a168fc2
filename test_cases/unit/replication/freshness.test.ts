import { beforeEach, describe, expect, it } from 'vitest';
import { closedBecause, type Gate, OPEN } from '../../../src/membership/gate.ts';
import type { Peers } from '../../../src/membership/peers.ts';
import type { View } from '../../../src/membership/view.ts';
import { HeardProof } from '../../../src/replication/convergent/heard-proof.ts';
import { AppliedProof } from '../../../src/replication/ordered/applied-proof.ts';

let nowMs: number;
const clock = { nowMs: () => nowMs, wallMs: () => 0 };
beforeEach(() => {
  nowMs = 1_000;
});

describe('the proof of an ordered group', () => {
  const A_VIEW: View = {
    ballot: { counter: 1, node: 0 },
    members: [],
    reason: '',
    placement: null,
    configuration: null,
  };
  const ANOTHER: View = {
    ballot: { counter: 2, node: 0 },
    members: [],
    reason: '',
    placement: null,
    configuration: null,
  };
  let state: { view: View | null; holdsLease: boolean; pending: number; applied: number; latest: number };
  let proof: AppliedProof;

  beforeEach(() => {
    state = { view: A_VIEW, holdsLease: true, pending: 0, applied: 5, latest: 5 };
    proof = new AppliedProof({
      clock,
      view: () => state.view,
      holdsLease: () => state.holdsLease,
      pending: () => state.pending,
      appliedTime: () => state.applied,
      latestTime: () => state.latest,
      strongGate: () => OPEN,
    });
  });

  it('is of now while a lease holds and nothing is queued', () => {
    expect(proof.provenMs).toBe(1_000);
    nowMs = 1_500;
    expect(proof.provenMs).toBe(1_500);
  });

  it('stays where it was once the lease is lost', () => {
    proof.step();
    state.holdsLease = false;
    nowMs = 9_000;
    expect(proof.provenMs).toBe(1_000);
  });

  it('is of a moment at which requests were queued once all of these are applied', () => {
    Object.assign(state, { pending: 2, latest: 8 });
    expect(proof.provenMs).toBe(Number.NEGATIVE_INFINITY);
    Object.assign(state, { pending: 1, applied: 8, latest: 12 });
    nowMs = 1_100;
    expect(proof.provenMs).toBe(Number.NEGATIVE_INFINITY);
    Object.assign(state, { applied: 9 });
    nowMs = 1_200;
    expect(proof.provenMs).toBe(1_000);
    Object.assign(state, { pending: 0 });
    expect(proof.provenMs).toBe(1_200);
  });

  it('takes nothing from one view to the next', () => {
    Object.assign(state, { pending: 1, latest: 8 });
    proof.step();
    Object.assign(state, { view: ANOTHER, applied: 20, pending: 1, latest: 25 });
    expect(proof.provenMs).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('the proof of a convergent group', () => {
  let heard: Set<number>;
  let exchangedMs: Map<number, number>;
  let waiting: Set<number>;
  let joining: Set<number>;
  let voters: Gate;
  let asked: number;
  let changes: number;
  let proof: HeardProof;

  beforeEach(() => {
    heard = new Set([1, 2]);
    exchangedMs = new Map([
      [1, 10],
      [2, 10],
    ]);
    waiting = new Set();
    joining = new Set();
    voters = OPEN;
    asked = 0;
    changes = 0;
    const peers: Pick<Peers, 'ids' | 'isHeard' | 'nameOf' | 'silentMs'> = {
      ids: [1, 2],
      isHeard: (peer) => heard.has(peer),
      nameOf: (peer) => `n${peer}`,
      silentMs: (peer) => (peer === 1 ? 700 : null),
    };
    proof = new HeardProof({
      controller: {
        peers: peers as Peers,
        clock,
        configuration: () => ({
          controllers: [0, 1, 2].map((id) => ({
            id,
            host: 'h',
            port: id,
            ...(joining.has(id) && { phase: 'joining' }),
          })),
        }),
        votersGate: () => voters,
        announce: () => asked++,
        onChange: () => changes++,
      },
      exchangedMs: (peer) => exchangedMs.get(peer) ?? null,
      hasWaiting: (peer) => waiting.has(peer),
    });
  });

  it('needs nothing of a controller that joins, which answers no client', () => {
    joining.add(2);
    heard.delete(2);
    proof.onAnswer(1, 900);
    expect(proof.provenMs).toBe(900);
    expect(proof.seek()).toMatchObject({ state: 'wait' });
  });

  it('notes nothing while there may be voters that are not known here', () => {
    voters = closedBecause('NO_LEASE', 'no lease');
    proof.onAnswer(1, 900);
    proof.onAnswer(2, 900);
    expect(proof.provenMs).toBe(Number.NEGATIVE_INFINITY);
    expect(proof.seek()).toMatchObject({ state: 'closed', code: 'STALE', reason: 'no lease' });
  });

  it('is as old as the oldest question that was answered last by a peer', () => {
    proof.onAnswer(1, 900);
    expect(proof.provenMs).toBe(Number.NEGATIVE_INFINITY);
    proof.onAnswer(2, 800);
    expect(proof.provenMs).toBe(800);
    proof.onAnswer(2, 950);
    expect(proof.provenMs).toBe(900);
    proof.onAnswer(1, 850);
    expect(proof.provenMs).toBe(900);
  });

  it('needs an exchange that was started after the last push that was missed', () => {
    proof.onAnswer(2, 900);
    proof.onMissed(1);
    proof.onAnswer(1, 900);
    exchangedMs.set(1, 1_000);
    proof.onAnswer(1, 910);
    expect(proof.provenMs).toBe(Number.NEGATIVE_INFINITY);
    exchangedMs.set(1, 1_001);
    proof.onAnswer(1, 920);
    expect(proof.provenMs).toBe(900);
  });

  it('needs an exchange at all, and no push that waits to be shown', () => {
    exchangedMs.delete(1);
    waiting.add(2);
    for (const peer of [1, 2]) proof.onAnswer(peer, 900);
    exchangedMs.set(1, 10);
    proof.onAnswer(1, 900);
    expect(proof.provenMs).toBe(Number.NEGATIVE_INFINITY);
    waiting.clear();
    proof.onAnswer(2, 900);
    expect(proof.provenMs).toBe(900);
  });

  it('takes no answer to a question that has not been asked yet', () => {
    for (const peer of [1, 2]) proof.onAnswer(peer, 1_001);
    expect(proof.provenMs).toBe(Number.NEGATIVE_INFINITY);
  });

  it('asks the peers while a read waits, not too often, and has the read tried again', () => {
    expect(proof.seek()).toMatchObject({ state: 'wait', code: 'STALE' });
    proof.seek();
    expect(asked).toBe(1);
    nowMs += 20;
    proof.seek();
    expect(asked).toBe(2);
    proof.onAnswer(1, 900);
    proof.onAnswer(2, 900);
    expect(changes).toBe(1);
  });

  it('cannot come while a peer is not heard, which is named', () => {
    heard.clear();
    expect(proof.seek()).toEqual({
      state: 'closed',
      code: 'STALE',
      reason: 'n1 was not heard for 700 ms and n2 was never heard',
    });
    expect(asked).toBe(0);
  });
});
