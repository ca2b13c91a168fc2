import { gateIn, READ_NEEDS, writeGateOf } from '../../consistency/policies.ts';
import type { ControllerRouter } from '../groups.ts';

export type OneKeyspace = ControllerRouter['all'][number];

/** Why reads of the keyspace cannot start now; empty when they can. */
export function readTroubleIn(keyspace: OneKeyspace): string {
  const gate = gateIn(keyspace, READ_NEEDS[keyspace.policy.reads]);
  return gate.state === 'open' ? '' : gate.reason;
}

/** The same of its writes. */
export function writeTroubleIn(keyspace: OneKeyspace): string {
  const gate = writeGateOf(keyspace);
  return gate.state === 'open' ? '' : gate.reason;
}
