import type { ControllerId } from '../base/number-kinds.ts';
import { type Configuration, haveMajority, votersOf } from '../placement/configuration.ts';
import { closedBecause, type Gate, waitBecause } from './gate.ts';
import type { Peers } from './peers.ts';

/** Why a controller may not start a request in an ordered group, as far as its view and its lease are the reason. */

export function outOfView(reason: string): Gate {
  return closedBecause('OUT_OF_VIEW', `this controller is outside of the view: ${reason}`);
}

/** No view takes the controller in, until a change of the controllers has it vote. */
export const NOT_VOTING = closedBecause(
  'NOT_VOTING',
  'this controller does not vote, and serves nothing until it does: main.ts member list',
);

/** To a controller that the others went on without. */
export const REMOVED_BY_FORCE_TEXT =
  'this controller was removed by force, when it was taken for lost: the cluster goes on without it, and takes ' +
  'nothing from it. Set its data aside, and add it as a new controller by member add';

export const REMOVED_BY_FORCE = closedBecause('NOT_VOTING', REMOVED_BY_FORCE_TEXT);

export const FIRST_VIEW = waitBecause('NO_VIEW', 'this controller was added, and waits for its first view');

/** Of a change that views carry. */
export const FOLLOWS = closedBecause(
  'NOT_VOTING',
  'this controller does not vote: ask one that does, as member lists them',
);

/** To a controller that follows. */
export const NOT_TOLD = waitBecause(
  'NO_VIEW',
  'no controller that votes has told this one yet which controllers have which keys',
);

export const SHARDS_UNKNOWN = waitBecause(
  'NO_VIEW',
  'this controller remembers nothing, and waits for a view that tells which controllers have which keys',
);

export const ABOUT_TO_BE_TAKEN_IN = waitBecause(
  'OUT_OF_VIEW',
  'the other controllers are about to take this one in',
);

export const CATCHING_UP = closedBecause('CATCHING_UP', 'this controller is catching up with the others');

export const LEASE_RENEWED = waitBecause('NO_LEASE', 'the lease is being renewed');

export const NO_LEASE = closedBecause('NO_LEASE', 'no lease: the other controllers do not hear this one');

/** @returns why nothing can be agreed without these controllers; null when the others are enough */
export function majorityGate(
  configuration: Configuration,
  unable: readonly ControllerId[],
  peers: Pick<Peers, 'describe'>,
): Gate | null {
  const counted = [...votersOf(configuration), ...(configuration.before ?? [])];
  const able = counted.filter((id) => !unable.includes(id));
  if (haveMajority(configuration, able)) return null;
  const without = peers.describe(unable);
  return closedBecause('NO_MAJORITY', `no majority of the controllers without ${without}`);
}
