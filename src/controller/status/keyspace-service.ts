import { gateIn, READ_NEEDS, writeGateOf } from '../../consistency/policies.ts';
import type { Gate } from '../../membership/gate.ts';
import type { ControllerRouter } from '../groups.ts';

export type OneKeyspace = ControllerRouter['all'][number];
export type OnePart = ControllerRouter['parts'][number];

/** The keyspace; of a keyspace with shards, those that this controller has. */
export function partsHere(keyspace: OneKeyspace): readonly OnePart[] {
  return (keyspace.shards?.all ?? [keyspace]).filter(({ elsewhere }) => elsewhere === null);
}

/** Why reads of the keyspace cannot start now; empty when they can. Shards that are elsewhere do not count. */
export function readTroubleIn(keyspace: OneKeyspace): string {
  return troubleIn(keyspace, (part) => gateIn(part, READ_NEEDS[part.policy.reads]));
}

/** The same of its writes. */
export function writeTroubleIn(keyspace: OneKeyspace): string {
  return troubleIn(keyspace, writeGateOf);
}

/** Why reads or writes of a part that this controller has can't start now; empty when they can. */
export function gateTextOf(part: OnePart): string {
  const gates = [gateIn(part, READ_NEEDS[part.policy.reads]), writeGateOf(part)];
  return gates.flatMap((gate) => (gate.state === 'open' ? [] : [gate.reason]))[0] ?? '';
}

function troubleIn(keyspace: OneKeyspace, gateOf: (part: OnePart) => Gate): string {
  for (const part of partsHere(keyspace)) {
    const gate = gateOf(part);
    if (gate.state !== 'open') return gate.reason;
  }
  return '';
}
