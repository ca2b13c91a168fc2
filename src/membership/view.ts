import type { Ballot, Member } from '../peer/messages.ts';

/** Who takes part, agreed under a ballot. */
export interface View {
  readonly ballot: Ballot;
  readonly members: readonly Member[];
}

/** A ballot for people: `3.1` is the third, proposed by controller 1. */
export function ballotName(ballot: Ballot): string {
  return `${ballot.counter}.${ballot.node}`;
}

/** How many of the configured controllers must take part in a view: for now all of them. */
export function quorum(nodes: number): number {
  return nodes;
}
