import type { ControllerId } from '../base/number-kinds.ts';

/** Number of a view: (counter, proposer), ordered as versions are. */
export interface Ballot {
  readonly counter: number;
  readonly node: ControllerId;
}

export const NO_BALLOT: Ballot = Object.freeze({ counter: 0, node: 0 });

export function compareBallots(a: Ballot, b: Ballot): number {
  return a.counter - b.counter || a.node - b.node;
}

export function sameBallot(a: Ballot, b: Ballot): boolean {
  return a.counter === b.counter && a.node === b.node;
}
