import type { Ballot } from './ballot.ts';

/** Who takes part, agreed under a ballot. */
export interface View {
  readonly ballot: Ballot;
  /** In order of their ids. */
  readonly members: readonly Member[];
  /** Why it took the place of the one before, for people. */
  readonly reason: string;
}

export function isMember(view: View, node: number): boolean {
  return view.members.some((member) => member.node === node);
}

/** A ballot for people: `3.1` is the third, proposed by controller 1. */
export function ballotName(ballot: Ballot): string {
  return `${ballot.counter}.${ballot.node}`;
}

/** How many of the configured controllers must agree on a view, and take part in it: a majority. */
export function quorum(nodes: number): number {
  return Math.floor(nodes / 2) + 1;
}

/** One run of one controller: a restarted controller has lost its memory, and says so by this number. */
export interface Member {
  readonly node: number;
  readonly incarnation: number;
}
