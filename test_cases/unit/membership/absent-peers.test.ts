import { beforeEach, describe, expect, it } from 'vitest';
import { AbsentPeers } from '../../../src/membership/absent-peers.ts';
import { Peers } from '../../../src/membership/peers.ts';
import type { Configuration } from '../../../src/placement/configuration.ts';
import { configurationOfSize } from '../../support/configurations.ts';
import { clockAt } from '../../support/ports.ts';

const HORIZON_MS = 1_000;
const TICK_MS = 20;

let nowMs: number;
const clock = clockAt(() => nowMs);
let configuration: Configuration;
let peers: Peers;
let absence: AbsentPeers;

beforeEach(() => {
  nowMs = 0;
  configuration = configurationOfSize(3);
  peers = new Peers({
    ids: [1, 2],
    heartbeatMs: 100,
    threshold: 3,
    clock,
    tickMs: TICK_MS,
    isLinked: () => true,
    nameOf: String,
  });
  absence = new AbsentPeers({
    node: 0,
    configuration: () => configuration,
    peers,
    clock,
    horizonMs: HORIZON_MS,
  });
});

/** @param heard those who are */
function pass(ms: number, heard: readonly number[]): void {
  for (const untilMs = nowMs + ms; nowMs < untilMs; nowMs += TICK_MS) {
    for (const peer of heard) peers.onHeard(peer);
    peers.onTick();
    absence.onTick();
  }
}

const absent = () => [1, 2].filter((peer) => absence.isAbsent(peer));

describe('a peer is absent', () => {
  it('when it was silent for longer than the horizon, and until it is heard again', () => {
    pass(2_000, [1, 2]);
    pass(900, [1]);
    expect(absent()).toEqual([]);
    pass(200, [1]);
    expect(absent()).toEqual([2]);
    peers.onHeard(2);
    expect(absent()).toEqual([]);
  });

  it('when it was never heard since the start', () => {
    pass(900, [1]);
    expect(absent()).toEqual([]);
    pass(300, [1]);
    expect(absent()).toEqual([2]);
  });

  it('not while fewer than a majority are heard, nor just after that', () => {
    pass(5_000, []);
    expect(absent()).toEqual([]);
    pass(900, [1]);
    expect(absent()).toEqual([]);
    pass(300, [1]);
    expect(absent()).toEqual([2]);
  });

  it('not once those that are heard are fewer than a majority of another configuration', () => {
    pass(2_000, [1]);
    expect(absent()).toEqual([2]);
    configuration = configurationOfSize(5);
    pass(100, [1]);
    expect(absent()).toEqual([]);
  });
});
