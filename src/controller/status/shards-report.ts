import type { Gate } from '../../membership/gate.ts';
import type { Group } from '../../replication/group.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { gateTextOf, type OnePart } from './keyspace-service.ts';
import type { Service, ShardStatus } from './status.ts';

/** The shards of all keyspaces that have several, as this controller sees them. */
export function shardsOf(parts: ControllerParts): ShardStatus[] {
  const { core } = parts;
  return core.groups.shards.map(({ shard: { keyspace, shard, members } }) => {
    const all = core.router.all.find(({ name }) => name === keyspace)!.shards!.all;
    const part = all[shard]!;
    return {
      keyspace,
      shard,
      controllers: members,
      keys: part.elsewhere === null ? keysIn(part.group) : null,
      service: serviceOf(parts, part),
    };
  });
}

function keysIn({ replica }: Group): number {
  return replica.journal.keys;
}

function serviceOf({ core }: ControllerParts, part: OnePart): Service {
  const { elsewhere } = part;
  const reason = elsewhere === null ? gateTextOf(part) : textOf(core.serving.hop!.gate(elsewhere));
  return { ready: reason === '', reason };
}

function textOf(gate: Gate): string {
  return gate.state === 'open' ? '' : gate.reason;
}
