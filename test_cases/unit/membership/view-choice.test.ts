import { describe, expect, it } from 'vitest';
import { type Ballot, NO_BALLOT } from '../../../src/membership/ballot.ts';
import type { Promised, Retention } from '../../../src/membership/messages.ts';
import { chooseView, predecessorOf } from '../../../src/membership/view-choice.ts';
import type { Effect } from '../../../src/ordering/effect.ts';
import type { Placement } from '../../../src/placement/agreed-placement.ts';
import type { Configuration } from '../../../src/placement/configuration.ts';
import { configurationOfSize } from '../../support/configurations.ts';
import { setOf } from '../../support/effects.ts';

const THREE = configurationOfSize(3);
const PROPOSED = { counter: 9, node: 0 };
const ballot = (counter: number): Ballot => (counter === 0 ? NO_BALLOT : { counter, node: 0 });
const request = (time: number): Effect => setOf('k', { time, node: 1 });

/** Those of every view that was accepted; one that has lost its memory is in another run. */
const MEMBERS = [0, 1, 2].map((node) => ({ node, incarnation: 100 + node }));

/** One controller's word: `[memory, accepted, applied, …queued]`. */
type Word = readonly [retention: Retention, accepted: number, applied: number, ...queue: number[]];

function promised(node: number, [retention, accepted, applied, ...queue]: Word): Promised {
  return {
    type: 'promised',
    ballot: PROPOSED,
    acceptor: {
      promised: PROPOSED,
      accepted: ballot(accepted),
      members: MEMBERS,
      retention,
      incarnation: (retention === 'lost' ? 200 : 100) + node,
    },
    applied: { time: applied, node: 0 },
    leasesMs: [0, 0, 0],
    hears: [0, 1, 2].filter((peer) => peer !== node),
    caughtUp: true,
    journalFails: false,
    queue: queue.map(request),
    partial: false,
    placement: null,
    configuration: null,
  };
}

const SAME = {
  keepsOrder: false,
  configured: THREE,
  configurationAfter: (configuration: Configuration | null) => configuration,
  placementAfter: (placement: Placement | null) => placement,
};

/** Null: that controller says nothing. */
function choose(...words: readonly (Word | null)[]) {
  const promises = new Map(
    words.flatMap((word, node) => (word === null ? [] : [[node, promised(node, word)] as const])),
  );
  const view = chooseView({ ballot: PROPOSED, reason: 'test', promises, without: [], ...SAME }, THREE);
  if (typeof view === 'string') return view;
  const { sources, donor, donorApplied, union } = view;
  return { sources, donor, applied: donorApplied.time, union: union.map(({ version }) => version.time) };
}

describe('a view after a majority was restarted', () => {
  it('continues the state of a member that has everything it acknowledged', () => {
    expect(choose(['complete', 4, 30, 31], ['recovered', 4, 20], null)).toEqual({
      sources: [0],
      donor: 0,
      applied: 30,
      union: [31],
    });
    expect(choose(null, ['view-only', 4, 0], ['complete', 4, 20])).toMatchObject({ sources: [2] });
  });

  it('continues the newest view, whatever was applied of an older one', () => {
    expect(choose(['complete', 3, 30], ['complete', 4, 20, 30], null)).toMatchObject({
      sources: [1],
      union: [30],
    });
  });

  it('waits for the other controllers when they may have what is missing', () => {
    const reason = /only with all its controllers/;
    expect(choose(['complete', 3, 30], ['recovered', 4, 30], null)).toMatch(reason);
    expect(choose(['complete', 3, 30], ['view-only', 4, 0], null)).toMatch(reason);
    expect(choose(['complete', 4, 30], ['lost', 0, 0], null)).toMatch(reason);
  });
});

describe('a view after every controller was restarted', () => {
  it('continues the longest of the recovered states, and its queue', () => {
    expect(choose(['recovered', 4, 10, 11], ['recovered', 4, 30, 31, 32], ['recovered', 4, 20, 21])).toEqual({
      sources: [1],
      donor: 1,
      applied: 30,
      union: [31, 32],
    });
  });

  it('begins with all controllers whose states are equally long', () => {
    expect(choose(['recovered', 4, 30, 31], ['recovered', 4, 20], ['recovered', 4, 30, 32])).toEqual({
      sources: [0, 2],
      donor: 0,
      applied: 30,
      union: [31, 32],
    });
  });

  it('continues the newest view: a controller outside may have applied more, and lacks what is queued', () => {
    expect(
      choose(['recovered', 3, 50, 51], ['recovered', 4, 40, 50, 60], ['recovered', 4, 40, 50, 60]),
    ).toEqual({
      sources: [1, 2],
      donor: 1,
      applied: 40,
      union: [50, 60],
    });
  });

  it('passes over controllers whose disk is lost', () => {
    expect(choose(['view-only', 4, 0], ['lost', 0, 0], ['recovered', 4, 5])).toMatchObject({ sources: [2] });
  });

  it('is not formed with a controller that has applied more and does not know in which view', () => {
    expect(choose(['lost', 0, 31], ['recovered', 4, 30], ['recovered', 4, 30])).toMatch(
      /^controller 0 has a journal but lost its record of views/,
    );
    expect(choose(['lost', 0, 29], ['recovered', 4, 30], ['recovered', 4, 30])).toMatchObject({
      sources: [1, 2],
    });
  });

  it('needs every controller', () => {
    expect(choose(['recovered', 4, 30], ['recovered', 4, 30], null)).toMatch(/only with all its controllers/);
  });

  it('is not formed when all members of the newest view have lost their state', () => {
    expect(choose(['recovered', 3, 30], ['view-only', 4, 0], ['view-only', 4, 0])).toMatch(
      /have lost what they knew/,
    );
  });

  it('continues the state that was restored from a backup, when the others are empty', () => {
    expect(choose(['lost', 0, 0], ['lost', 0, 7, 8], ['lost', 0, 0])).toEqual({
      sources: [1],
      donor: 1,
      applied: 7,
      union: [8],
    });
  });

  it('begins with all controllers when none remembers anything', () => {
    expect(choose(['lost', 0, 0], ['view-only', 4, 0], ['lost', 0, 0])).toMatchObject({ sources: [0, 1, 2] });
  });
});

describe('a view beside a member that still runs', () => {
  it('continues the state of that member, whatever the others have recovered', () => {
    expect(choose(['recovered', 4, 30], ['recovered', 4, 30], ['intact', 4, 20, 25])).toMatchObject({
      sources: [2],
      union: [25],
    });
    expect(choose(null, ['recovered', 4, 30], ['intact', 4, 20])).toMatchObject({ sources: [2] });
  });

  it('continues what was recovered of a newer view, when all controllers are there', () => {
    expect(choose(['recovered', 5, 30], ['recovered', 5, 35], ['intact', 4, 20])).toMatchObject({
      sources: [1],
      applied: 35,
    });
    expect(choose(['recovered', 5, 30], null, ['intact', 4, 20])).toMatch(/silent or have lost/);
  });

  it('is unknown when the newer view is lost', () => {
    const acceptors = new Map(
      (
        [
          ['view-only', 5, 0],
          ['view-only', 5, 0],
          ['intact', 4, 20],
        ] as const
      ).map((word, node) => [node, promised(node, word).acceptor] as const),
    );
    expect(predecessorOf(acceptors, THREE)).toMatchObject({ kind: 'unknown' });
  });
});

describe('a view that a single controller has accepted, the first of all', () => {
  const acceptor = (retention: Retention, accepted: number, incarnation: number) => ({
    promised: PROPOSED,
    accepted: ballot(accepted),
    members: accepted === 0 ? [] : MEMBERS,
    retention,
    incarnation,
  });
  const kept = acceptor('intact', 1, 100);

  it('may be continued when the others were asked for it, and are still in that run', () => {
    const others = [101, 102].map((run) => acceptor('lost', 0, run));
    expect(predecessorOf(new Map([kept, ...others].entries()), THREE)).toEqual({
      kind: 'view',
      ballot: ballot(1),
    });
  });

  it('may not be continued when the others have been restarted since, and may have accepted any view', () => {
    const others = [201, 202].map((run) => acceptor('lost', 0, run));
    expect(predecessorOf(new Map([kept, ...others].entries()), THREE)).toMatchObject({ kind: 'unknown' });
  });
});

describe('a view beside controllers whose disks are full', () => {
  const words: readonly Word[] = [
    ['intact', 4, 30],
    ['intact', 4, 20],
    ['intact', 4, 20],
  ];
  /** @returns who is chosen, and who the state is taken from; or why nobody is */
  function chosen(failing: readonly number[], without: readonly number[]) {
    const all = words.map((word, node) => ({
      ...promised(node, word),
      journalFails: failing.includes(node),
    }));
    const promises = new Map(all.map((promise, node) => [node, promise] as const));
    const view = chooseView({ ballot: PROPOSED, reason: 'test', promises, without, ...SAME }, THREE);
    return typeof view === 'string'
      ? view
      : { members: view.members.map(({ node }) => node), donor: view.donor, sources: view.sources };
  }

  it('leaves them out, and takes what was queued there', () => {
    expect(chosen([2], [])).toEqual({ members: [0, 1], donor: 0, sources: [0, 1, 2] });
    expect(chosen([0], [])).toEqual({ members: [1, 2], donor: 1, sources: [0, 1, 2] });
  });

  it('leaves out a controller that the proposal is to do without, although its disk has room again', () => {
    expect(chosen([], [1])).toMatchObject({ members: [0, 2] });
  });

  it('takes them when there is no majority without them', () => {
    expect(chosen([0, 1], [])).toMatchObject({ members: [0, 1, 2] });
    expect(chosen([0], [1])).toMatchObject({ members: [0, 1, 2] });
  });
});

describe('the placement of a view', () => {
  const placed = (epoch: number): Placement => ({
    epoch,
    keyspaces: [{ name: 'default', prefix: '', level: 'sequential' }],
    move: null,
  });

  /** @param words per controller, what it says and the epoch that it has accepted; null where it says nothing */
  function epochOfView(words: readonly (readonly [Word, number] | null)[], after = SAME.placementAfter) {
    const promises = new Map(
      words.flatMap((word, node) => {
        if (word === null) return [];
        const placement = word[1] === 0 ? null : placed(word[1]);
        return [[node, { ...promised(node, word[0]), placement }] as const];
      }),
    );
    const view = chooseView(
      { ballot: PROPOSED, reason: 'test', promises, without: [], ...SAME, placementAfter: after },
      THREE,
    );
    return typeof view === 'string' ? view : (view.placement?.epoch ?? 0);
  }

  it('is that of the newest view that any of the controllers has accepted', () => {
    expect(epochOfView([[['intact', 4, 30], 1], [['recovered', 3, 20], 2], null])).toBe(1);
    expect(epochOfView([[['intact', 3, 30], 1], [['intact', 4, 20], 2], null])).toBe(2);
    expect(epochOfView([[['intact', 3, 30], 0], [['intact', 3, 30], 0], null])).toBe(0);
  });

  it('outlives the journals of all controllers', () => {
    expect(
      epochOfView([
        [['view-only', 3, 0], 1],
        [['view-only', 4, 0], 2],
        [['view-only', 4, 0], 2],
      ]),
    ).toBe(2);
  });

  it('is the next one where a client has asked for it', () => {
    const next = (placement: Placement | null) => placed((placement?.epoch ?? 0) + 1);
    expect(epochOfView([[['intact', 3, 30], 5], [['intact', 3, 30], 5], null], next)).toBe(6);
  });
});
