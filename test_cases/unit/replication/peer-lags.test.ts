import { beforeEach, describe, expect, it } from 'vitest';
import { VersionVector } from '../../../src/ordering/version-vector.ts';
import { PeerLags } from '../../../src/replication/peer-lags.ts';

let nowMs: number;
let known: VersionVector;
let startedMs: number | null;
let progress: { writes: number; total: number } | null;
let lags: PeerLags;

beforeEach(() => {
  nowMs = 1_000;
  known = new VersionVector([0, 0, 0]);
  startedMs = null;
  progress = null;
  lags = new PeerLags({
    clock: { nowMs: () => nowMs, wallMs: () => 0 },
    known: () => known,
    exchange: { progressOf: () => progress, startedMs: () => startedMs },
  });
});

describe('how far a replica is behind a peer', () => {
  it('is not known before the peer has said anything', () => {
    expect(lags.of(1)).toEqual({ writes: 0, ms: null });
  });

  it('counts from the last word of the peer that says no more than is known here', () => {
    lags.onAnnounced(1, new VersionVector([0, 0, 0]));
    nowMs = 1_100;
    expect(lags.of(1)).toEqual({ writes: 0, ms: 100 });
    lags.onAnnounced(1, new VersionVector([0, 5, 0]));
    nowMs = 1_200;
    expect(lags.of(1)).toEqual({ writes: 0, ms: 200 });
  });

  it('counts from the moment of that word, though what it says comes later', () => {
    lags.onAnnounced(1, new VersionVector([0, 5, 0]));
    nowMs = 1_300;
    known = new VersionVector([0, 5, 0]);
    lags.onAnnounced(1, new VersionVector([0, 9, 0]));
    nowMs = 1_400;
    expect(lags.of(1)).toEqual({ writes: 0, ms: 400 });
  });

  it('counts from the start of an exchange that has completed', () => {
    lags.onAnnounced(1, new VersionVector([0, 5, 0]));
    startedMs = 1_050;
    nowMs = 1_100;
    expect(lags.of(1)).toEqual({ writes: 0, ms: 50 });
  });

  it('names the writes that an exchange under way still has to bring', () => {
    progress = { writes: 16, total: 100 };
    expect(lags.of(1).writes).toBe(84);
  });

  it('is measured for each peer by itself', () => {
    lags.onAnnounced(1, new VersionVector([0, 0, 0]));
    nowMs = 1_500;
    lags.onAnnounced(2, new VersionVector([0, 0, 0]));
    expect([1, 2].map((peer) => lags.of(peer).ms)).toEqual([500, 0]);
  });
});
