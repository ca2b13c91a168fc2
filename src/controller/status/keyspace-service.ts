import { READ_NEEDS, writeGateOf } from '../../consistency/policies.ts';
import type { ControllerRouter } from '../groups.ts';

export type OneKeyspace = ControllerRouter['all'][number];

/** Why reads of the keyspace cannot start now; empty when they can. */
export function readTroubleIn({ policy, group }: OneKeyspace): string {
  const gate = group.scheme.gate(READ_NEEDS[policy.reads]);
  return gate.state === 'open' ? '' : gate.reason;
}

/** The same of its writes. */
export function writeTroubleIn({ group }: OneKeyspace): string {
  const gate = writeGateOf(group.scheme);
  return gate.state === 'open' ? '' : gate.reason;
}
