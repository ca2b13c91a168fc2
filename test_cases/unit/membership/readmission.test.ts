import { beforeEach, describe, expect, it } from 'vitest';
import { NO_BALLOT } from '../../../src/membership/ballot.ts';
import type { DeparturePhase, Heartbeat } from '../../../src/membership/messages.ts';
import { Peers } from '../../../src/membership/peers.ts';
import { Readmission } from '../../../src/membership/readmission.ts';
import type { View } from '../../../src/membership/view.ts';
import { clockAt, NO_LOG } from '../../support/ports.ts';

/** Controller 0 of three, as it sees controller 2. */

const HEARTBEAT_MS = 100;
const STEADY_MS = 300;
const SLOW = 2;

let nowMs = 0;
const clock = clockAt(() => nowMs);
let counter = 0;
let peers: Peers;
let readmission: Readmission;

beforeEach(() => {
  nowMs = 5_000;
  counter = 0;
  const isLinked = () => true;
  const nameOf = (peer: number) => `peer ${peer}`;
  const ports = { ids: [1, SLOW], heartbeatMs: HEARTBEAT_MS, threshold: 3, tickMs: 20, isLinked, nameOf };
  peers = new Peers({ ...ports, clock });
  readmission = new Readmission({ node: 0, peers, clock, steadyMs: STEADY_MS, log: NO_LOG });
});

interface Said {
  readonly run?: number;
  /** How old what it answers is. */
  readonly answeredAfterMs?: number;
  readonly lagMs?: number;
  readonly departure?: DeparturePhase;
}

function beat({ run = 1, answeredAfterMs = 50, lagMs = 0, departure = 'staying' }: Said = {}): void {
  const heartbeat: Heartbeat = {
    type: 'heartbeat',
    askedMs: 0,
    installed: NO_BALLOT,
    transferring: false,
    hears: [],
    isStalling: false,
    onProbation: [],
    time: 0,
    wallMs: 0,
    clusterMs: 0,
    caughtUp: true,
    journalTrouble: '',
    storeTrouble: '',
    known: [],
    acceptor: { promised: NO_BALLOT, accepted: NO_BALLOT, members: [], retention: 'lost', incarnation: run },
    departure,
    heard: [nowMs - answeredAfterMs, 0, 0],
    lagMs,
  };
  peers.onHeard(SLOW);
  peers.onHeartbeat(SLOW, heartbeat);
  readmission.onHeartbeat(SLOW, heartbeat);
}

/** Heartbeats for so long, each of which says this. */
function beats(forMs: number, said: Said = {}): void {
  for (const untilMs = nowMs + forMs; nowMs < untilMs; nowMs += HEARTBEAT_MS) beat(said);
  peers.onTick();
}

function install(members: readonly number[], run = 1): void {
  const view: View = {
    ballot: { counter: ++counter, node: 0 },
    members: members.map((node) => ({ node, incarnation: node === SLOW ? run : 1 })),
    reason: '',
    placement: null,
    configuration: null,
  };
  readmission.onView(view);
}

/** @returns for how long it has to keep up until it is not doubted any more, in milliseconds */
function untilTrusted(said: Said = {}): number {
  const fromMs = nowMs;
  while (readmission.onProbation.includes(SLOW) && nowMs - fromMs < 60_000) beats(HEARTBEAT_MS, said);
  return nowMs - fromMs;
}

describe('a peer that was left out of the view', () => {
  it('has to be heard and to answer for a moment, and for longer each time that it is left out again soon', () => {
    install([0, 1, SLOW]);
    const times: number[] = [];
    for (let time = 0; time < 7; time++) {
      install([0, 1]);
      beat({ answeredAfterMs: 1_000 });
      nowMs += HEARTBEAT_MS;
      times.push(untilTrusted());
      install([0, 1, SLOW]);
      beats(1_000);
    }
    const seconds = times.map((ms) => Math.floor(ms / 1_000));
    expect(times[0]).toBeLessThan(500);
    expect(seconds).toEqual([0, 1, 2, 4, 8, 8, 8]);
  });

  it('is forgiven while it stays in the view', () => {
    install([0, 1, SLOW]);
    for (let time = 0; time < 4; time++) {
      install([0, 1]);
      install([0, 1, SLOW]);
    }
    beats(45_000);
    install([0, 1]);
    expect(untilTrusted()).toBeLessThan(500);
  });

  it.each<[string, Said]>([
    ['answers late', { answeredAfterMs: STEADY_MS + 1 }],
    ['answers what nobody has asked', { answeredAfterMs: -1 }],
    ['says that it was slow itself, or its store', { lagMs: STEADY_MS / 2 + 1 }],
  ])('is not taken back while it %s', (_, said) => {
    install([0, 1, SLOW]);
    install([0, 1]);
    beats(10_000, said);
    expect(readmission.onProbation).toEqual([SLOW]);
    beats(1_000);
    expect(readmission.onProbation).toEqual([]);
    beat(said);
    expect(readmission.onProbation).toEqual([SLOW]);
  });

  it('is not taken back while it is silent, nor before it was ever heard', () => {
    install([0, 1, SLOW]);
    install([0, 1]);
    expect(readmission.onProbation).toEqual([SLOW]);
    beats(1_000);
    expect(readmission.onProbation).toEqual([]);
    nowMs += STEADY_MS;
    expect(readmission.onProbation).toEqual([SLOW]);
  });

  it('counts a view that was to take it in and was formed without it', () => {
    install([0, 1, SLOW]);
    install([0, 1]);
    beats(1_000);
    readmission.onFailed(SLOW);
    expect(untilTrusted()).toBeGreaterThan(900);
  });

  it('starts without a history as a new process, and is not blamed for a planned end', () => {
    install([0, 1, SLOW]);
    for (let time = 0; time < 4; time++) {
      install([0, 1]);
      install([0, 1, SLOW]);
    }
    install([0, 1]);
    beats(HEARTBEAT_MS, { run: 2 });
    expect(untilTrusted({ run: 2 })).toBeLessThan(500);
    for (let time = 0; time < 4; time++) {
      install([0, 1, SLOW], 2);
      beat({ run: 2, departure: 'drained' });
      install([0, 1], 2);
    }
    expect(untilTrusted({ run: 2 })).toBeLessThan(500);
  });

  it('is on probation at no controller that has seen no view, and never as a member', () => {
    expect(readmission.onProbation).toEqual([]);
    install([0, 1, SLOW]);
    expect(readmission.onProbation).toEqual([]);
  });
});
