import { expect, it } from 'vitest';
import { type Ballot, NO_BALLOT } from '../../../src/membership/ballot.ts';
import type { Promised } from '../../../src/membership/messages.ts';
import { ViewChanger } from '../../../src/membership/view-changer.ts';
import type { ViewLog, ViewRecord } from '../../../src/membership/view-record.ts';
import { NO_VERSION } from '../../../src/ordering/version.ts';
import type { PeerMessage } from '../../../src/peer/messages.ts';
import { configurationOfSize } from '../../support/configurations.ts';
import { clockAt, NO_LOG } from '../../support/ports.ts';

/** A disk that takes what it is given only when it is told to. */
class HeldViewLog implements ViewLog {
  readonly saved: ViewRecord[] = [];
  #done: (() => void)[] = [];

  load(): null {
    return null;
  }

  save(record: ViewRecord, done: () => void): void {
    this.saved.push(record);
    this.#done.push(done);
  }

  /** All that it was given is on disk. */
  takeAll(): void {
    const done = this.#done;
    this.#done = [];
    for (const callback of done) callback();
  }

  /** As a full disk: nobody is ever told. */
  refuseAll(): void {
    this.#done = [];
  }
}

/** Controller 0 of three, whose peers answer what they are told to. */
function changerOn(viewLog: ViewLog) {
  const sent: PeerMessage[] = [];
  let nowMs = 0;
  const changer = new ViewChanger({
    node: 0,
    configured: configurationOfSize(3),
    leaseMs: 500,
    configurationAfter: (configuration) => configuration,
    mayForm: false,
    keepsOrder: false,
    incarnation: 100,
    bus: {
      send: (_, message) => sent.push(message),
      sendToAll: (message) => sent.push(message),
      sendTo: (_, message) => sent.push(message),
      isUp: () => true,
    },
    clock: clockAt(() => nowMs),
    viewLog,
    sync: false,
    state: {
      applied: NO_VERSION,
      isPartial: false,
      found: { journal: '', lacksStateOf: () => false },
      queued: () => [],
      freeze: () => {},
      adopt: (_view, _union, _copied, done) => done(null),
      install: () => {},
    },
    journal: { journalTrouble: '', isStalling: false, exclusionReason: '' },
    heard: () => [1, 2],
    leasesMs: () => [0, 0, 0],
    isCaughtUp: () => true,
    incarnationOf: (peer) => 100 + peer,
    transfer: (_from, _holders, done) => done(),
    endTransfers: () => {},
    placementAfter: (placement) => placement,
    onPlacement: () => {},
    onChange: () => {},
    log: NO_LOG,
  });
  const run = (forMs: number) => {
    for (const untilMs = nowMs + forMs; nowMs < untilMs; nowMs += 20) changer.onTick();
  };
  const asked = (type: PeerMessage['type']) => sent.filter((message) => message.type === type).length;
  return { changer, run, asked };
}

function promised(node: number, ballot: Ballot): Promised {
  const acceptor = {
    promised: ballot,
    accepted: NO_BALLOT,
    members: [],
    retention: 'lost',
    incarnation: 100 + node,
  } as const;
  const hears = [0, 1, 2].filter((peer) => peer !== node);
  const said = {
    acceptor,
    applied: NO_VERSION,
    leasesMs: [0, 0, 0],
    hears,
    caughtUp: true,
    journalFails: false,
  };
  return {
    type: 'promised',
    ballot,
    ...said,
    queue: [],
    partial: false,
    placement: null,
    configuration: null,
  };
}

const FIRST = { counter: 1, node: 0 };

/** A life that had forgotten its ballot could propose another view under it, and take the answers for its own. */
it('a controller proposes no view under a ballot that it could forget', () => {
  const viewLog = new HeldViewLog();
  const { changer, run, asked } = changerOn(viewLog);
  changer.propose('test', []);
  for (const peer of [1, 2]) changer.onMessage(peer, promised(peer, FIRST));
  run(200);
  expect(asked('accept')).toBe(0);
  viewLog.takeAll();
  expect(asked('accept')).toBe(1);
});

it('a promise that the disk has refused is written again, and no view is proposed before it is there', () => {
  const viewLog = new HeldViewLog();
  const { changer, run } = changerOn(viewLog);
  expect(changer.mayPropose).toBe(true);
  changer.propose('test', []);
  viewLog.refuseAll();
  run(900);
  expect(changer.mayPropose).toBe(false);
  expect(viewLog.saved).toHaveLength(1);
  run(200);
  expect(viewLog.saved.map((record) => record.promised)).toEqual([FIRST, FIRST]);
  viewLog.takeAll();
  expect(changer.mayPropose).toBe(true);
});

/**
 * Two members of a view that was never installed took over the older one's state when they came back, and lost
 * theirs.
 */
it('regression: a controller with a newer view on disk was superseded by an older one (seed 303093)', () => {
  const accepted = { counter: 2, node: 1 };
  const isSupersededBy = (record: ViewRecord | null, installed: Ballot) => {
    const viewLog = new HeldViewLog();
    viewLog.load = () => record as null;
    return changerOn(viewLog).changer.isSupersededBy(installed);
  };
  const record = {
    promised: accepted,
    accepted,
    members: [],
    sync: false,
    journal: null,
    placement: null,
    installed: null,
    configuration: null,
    installedConfiguration: null,
  };
  expect(isSupersededBy(record, { counter: 2, node: 0 })).toBe(false);
  expect(isSupersededBy(record, accepted)).toBe(true);
  expect(isSupersededBy(record, { counter: 3, node: 0 })).toBe(true);
  expect(isSupersededBy(null, FIRST)).toBe(true);
  expect(isSupersededBy(null, NO_BALLOT)).toBe(false);
});
