import { isOrdered } from '../../consistency/policies.ts';
import type { AgreedShards } from '../../placement/agreed-shards.ts';
import { type Configuration, votersOf } from '../../placement/configuration.ts';
import type { KeyspaceSettings } from '../../placement/placement.ts';
import { type Reshard, resharded } from '../../placement/reshard.ts';
import { SHARDS_MAX } from '../../placement/slots.ts';
import type { WantedKeyspace } from '../../protocol/request.ts';
import { inShards } from '../status/levels-report.ts';

export type WantedShards = Extract<WantedKeyspace, { readonly what: 'shards' }>;

/** What a client's words ask for. */
type ParsedReshard =
  | { readonly kind: 'reshard'; readonly reshard: Reshard }
  /** It is so already. */
  | { readonly kind: 'same'; readonly text: string }
  /** It can not be done. */
  | { readonly kind: 'refused'; readonly reason: string };

/** What holds when a client asks. */
export interface ReshardState {
  readonly agreed: readonly AgreedShards[];
  readonly keyspaces: readonly KeyspaceSettings[];
  readonly configuration: Configuration;
  readonly zones: readonly string[];
  /** That of the next placement. */
  readonly epoch: number;
  /** This controller remembers what was agreed on after a restart. */
  readonly remembers: boolean;
}

export function reshardOf({ keyspace, shards }: WantedShards, state: ReshardState): ParsedReshard {
  const { agreed, keyspaces, configuration, zones, epoch, remembers } = state;
  const own = keyspaces.find(({ name }) => name === keyspace);
  if (own === undefined) return refused(`there is no keyspace ${keyspace}; keyspace lists them`);
  const now = agreed.find((one) => one.keyspace === keyspace);
  if (now === undefined) return refused(`${keyspace} has no shards: shards and replicas are configured`);
  if (isOrdered(own.level))
    return refused(`${keyspace} is at ${own.level}: the number of shards changes at eventual alone`);
  if (!remembers) return refused('controllers need a data_dir for that, in which they remember their shards');
  if (shards < 1 || shards > SHARDS_MAX) return refused(`a keyspace has 1 to ${SHARDS_MAX} shards`);
  if (now.shards === shards) return { kind: 'same', text: `${keyspace} has ${inShards(shards)} already` };
  const controllers = votersOf(configuration);
  if (controllers.some((controller, place) => controller !== place))
    return refused('controllers have been removed: new shards are given to those that were configured alone');
  const reshard = resharded({ agreed, keyspace, shards, controllers: controllers.length, zones, epoch });
  return reshard === null
    ? refused('a cluster has no room for so many groups of shards')
    : { kind: 'reshard', reshard };
}

function refused(reason: string): ParsedReshard {
  return { kind: 'refused', reason };
}
