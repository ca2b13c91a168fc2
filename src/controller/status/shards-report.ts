import type { Group } from '../../replication/group.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { gateTextOf, type OnePart } from './keyspace-service.ts';
import type { Service, ShardStatus } from './status.ts';

/** The shards of all keyspaces that have several, as this controller sees them. */
export function shardsOf(parts: ControllerParts): ShardStatus[] {
  const { core } = parts;
  return core.groups.shards.map(({ number, shard: { keyspace, shard, members } }) => {
    const all = core.router.all.find(({ name }) => name === keyspace)?.shards?.all ?? [];
    const part = all.find((one) => (one.elsewhere?.group ?? one.group.number) === number);
    const group = core.groups.entriesOf(number);
    return {
      keyspace,
      shard,
      controllers: members,
      keys: group === undefined ? null : keysIn(group),
      service: part === undefined ? WITHOUT_SLOTS : serviceOf(parts, part),
    };
  });
}

/** Its first slots are on their way to it, or its last ones have left it. */
const WITHOUT_SLOTS: Service = { ready: true, reason: '' };

function keysIn({ replica }: Group): number {
  return replica.journal.keys;
}

function serviceOf({ core }: ControllerParts, part: OnePart): Service {
  const { elsewhere } = part;
  const reason = elsewhere === null ? gateTextOf(part) : core.serving.hop.troubleOf(elsewhere);
  return { ready: reason === '', reason };
}
