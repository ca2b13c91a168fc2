import type { Level } from '../../placement/level.ts';
import type { LinkWay } from './controller-threads.ts';

/** What one client asks of its controller. */
export type Ask =
  | { readonly kind: 'set'; readonly key: string; readonly value: string }
  | { readonly kind: 'get'; readonly key: string }
  /** Gets the key again and again, until it has this value. */
  | { readonly kind: 'await'; readonly key: string; readonly value: string };

/** One step of a script: a client asks, or links are held back from here on. */
export type Step = { readonly client: string; readonly ask: Ask } | { readonly hold: readonly LinkWay[] };

/**
 * A history that tells two levels apart: what clients ask, step by step, and which link is in the way meanwhile. The
 * same is played at every level. The values of a key are all different, so that a value tells where it comes from.
 */
export interface Script {
  readonly name: string;
  readonly title: string;
  /** What it is about, in a sentence or two. */
  readonly about: string;
  /** What the held links hold back, as a part of a sentence. */
  readonly heldBack: string;
  /** The weakest level that forbids what this is about. */
  readonly forbiddenBy: Level;
  /** What makes the difference between the levels, in a sentence or two. */
  readonly lesson: string;
  /** The controller of each client, in the order of the lanes. */
  readonly clients: Readonly<Record<string, number>>;
  readonly steps: readonly Step[];
}

const set = (client: string, key: string, value: string): Step => ({
  client,
  ask: { kind: 'set', key, value },
});
const get = (client: string, key: string): Step => ({ client, ask: { kind: 'get', key } });
const until = (client: string, key: string, value: string): Step => ({
  client,
  ask: { kind: 'await', key, value },
});

export const SCRIPTS: readonly Script[] = [
  {
    name: 'stale-read',
    title: 'A stale read',
    about: 'Ann changes a price. Once she has her answer, Ben reads the price elsewhere.',
    heldBack: 'what controller 1 sends to controller 2',
    forbiddenBy: 'linearizability',
    lesson:
      'Controller 2 has the new price, but does not know yet that controller 1 has it, too. At linearizability Ben ' +
      'waits until it knows; at sequential he gets the last price that everybody has. At causal and eventual no ' +
      'agreement is needed, and controller 2 shows what it has heard.',
    clients: { Ann: 0, Ben: 2 },
    steps: [
      set('Ann', 'price', '10'),
      until('Ben', 'price', '10'),
      { hold: [{ from: 1, to: 2 }] },
      set('Ann', 'price', '12'),
      get('Ben', 'price'),
    ],
  },
  {
    name: 'two-orders',
    title: 'Writes in two orders',
    about: 'Ann and Ben each write a bid, and then look whether the other one has written, too.',
    heldBack: 'what controllers 0 and 2 send to each other',
    forbiddenBy: 'sequential',
    lesson:
      'At linearizability and sequential a write is answered once every controller has it, so that both bidders ' +
      'wait, and all see the bids in one order. At causal and eventual a controller answers alone, and each bidder ' +
      'sees only the own bid.',
    clients: { Ann: 0, Ben: 2 },
    steps: [
      {
        hold: [
          { from: 0, to: 2 },
          { from: 2, to: 0 },
        ],
      },
      set('Ann', 'bid-a', '50'),
      set('Ben', 'bid-b', '60'),
      get('Ann', 'bid-a'),
      get('Ann', 'bid-b'),
      get('Ben', 'bid-b'),
      get('Ben', 'bid-a'),
    ],
  },
  {
    name: 'effect-before-cause',
    title: 'An effect before its cause',
    about: 'Ann asks a question, Ben answers it, and Cleo, who has seen the answer, looks for the question.',
    heldBack: 'what controller 0 sends to controller 2',
    forbiddenBy: 'causal',
    lesson:
      'At causal the answer tells what Ben had seen when he wrote it, and controller 2 shows it only together with ' +
      'that. At eventual every write is shown when it comes.',
    clients: { Ann: 0, Ben: 1, Cleo: 2 },
    steps: [
      { hold: [{ from: 0, to: 2 }] },
      set('Ann', 'question', 'why'),
      until('Ben', 'question', 'why'),
      set('Ben', 'answer', 'so'),
      until('Cleo', 'answer', 'so'),
      get('Cleo', 'question'),
    ],
  },
];
