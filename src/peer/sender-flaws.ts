import type { ControllerId } from '../base/number-kinds.ts';
import type { Ballot } from '../membership/ballot.ts';
import type { Version } from '../ordering/version.ts';

/** What a controller may say only of itself. Each tells what is wrong, in words; null when nothing is. */

export function writtenBy(from: ControllerId, { node }: Version): string | null {
  return node === from ? null : `controller ${from} tells of a write of controller ${node} as its own`;
}

export function proposedBy(proposer: ControllerId, { node }: Ballot): string | null {
  return node === proposer ? null : `a view of controller ${node}, in the place of ${proposer}`;
}
