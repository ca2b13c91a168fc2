import type { ControllerId } from '../base/number-kinds.ts';
import type { Placement } from '../placement/agreed-placement.ts';
import type { Configuration } from '../placement/configuration.ts';
import type { Ballot } from './ballot.ts';

/** The members that take part in an ordered group, agreed under a ballot. */
export interface View {
  readonly ballot: Ballot;
  /** In order of their ids; in a group that is a chain, from the head to the tail. */
  readonly members: readonly Member[];
  /** Why the view followed the one before it. Human-readable. */
  readonly reason: string;
  /** Null while the cluster goes by its configuration. */
  readonly placement: Placement | null;
  /** Null while the controllers are those of the configuration file. */
  readonly configuration: Configuration | null;
}

export function isMember(view: View, node: ControllerId): boolean {
  return view.members.some((member) => member.node === node);
}

/** This run of the controller is a member. */
export function isOfRun({ members }: Pick<View, 'members'>, { node, incarnation }: Member): boolean {
  return members.some((member) => member.node === node && member.incarnation === incarnation);
}

/** A human-readable ballot: `3.1` is the third, proposed by controller 1. */
export function ballotName(ballot: Ballot): string {
  return `${ballot.counter}.${ballot.node}`;
}

/**
 * One run of one controller. A restarted controller has lost what it had in memory, so it has another incarnation.
 */
export interface Member {
  readonly node: ControllerId;
  readonly incarnation: number;
}
