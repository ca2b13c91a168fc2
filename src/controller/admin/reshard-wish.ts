import type { ControllerId } from '../../base/number-kinds.ts';
import { isOrdered } from '../../consistency/policies.ts';
import { type AgreedShards, isWhole, sameShards } from '../../placement/agreed-shards.ts';
import { type Configuration, isServer, serversOf } from '../../placement/configuration.ts';
import type { KeyspaceSettings } from '../../placement/placement.ts';
import { holdersOf, type Reshard } from '../../placement/reshard.ts';
import { movedShard, rebalanced, resharded, type ShardSituation } from '../../placement/reshard-plans.ts';
import { CAUSAL_SHARDS_MAX, REPLICAS, REPLICAS_MAX } from '../../placement/shards.ts';
import { SHARDS_MAX } from '../../placement/slots.ts';
import type { WantedKeyspace } from '../../protocol/request.ts';
import { groupOfLevel } from '../group-plan.ts';
import { inShards } from '../status/levels-report.ts';

/** Another number of shards, or other controllers for some of them. */
export type WantedShards = Extract<WantedKeyspace, { readonly what: 'shards' | 'move' | 'rebalance' }>;

export function isAboutShards(wanted: WantedKeyspace): wanted is WantedShards {
  return wanted.what === 'shards' || wanted.what === 'move' || wanted.what === 'rebalance';
}

/** What a client's words ask for. */
type ParsedReshard =
  | { readonly kind: 'reshard'; readonly reshard: Reshard }
  /** It is so already. */
  | { readonly kind: 'same'; readonly text: string }
  /** It can not be done. */
  | { readonly kind: 'refused'; readonly reason: string };

/** What holds when a client asks. */
export interface ReshardState extends Pick<ShardSituation, 'agreed' | 'zones' | 'epoch' | 'stamp'> {
  readonly keyspaces: readonly KeyspaceSettings[];
  readonly configuration: Configuration;
  /** The controller can't be reached from here. */
  readonly isAway: (id: ControllerId) => boolean;
  /** This controller remembers what was agreed on after a restart. */
  readonly remembers: boolean;
  /** See `Placement`. */
  readonly broadcastApart: boolean;
}

export function reshardOf(wanted: WantedShards, state: ReshardState): ParsedReshard {
  const { keyspace } = wanted;
  const { agreed, keyspaces, remembers } = state;
  const controllers = ableIn(state);
  const own = keyspaces.find(({ name }) => name === keyspace);
  if (own === undefined) return refused(`there is no keyspace ${keyspace}; keyspace lists them`);
  const now = agreed.find((one) => one.keyspace === keyspace);
  if (!remembers) return refused('controllers need a data_dir for that, in which they remember their shards');
  const first = now === undefined ? firstShardsOf(wanted, own, state) : null;
  if (first?.kind === 'refused' || first?.kind === 'same') return first;
  const flaw = now === undefined ? null : flawOf(wanted, now, state);
  if (flaw !== null) return refused(flaw);
  const situation = { ...state, ...first?.begins, keyspace, controllers, isOrdered: isOrdered(own.level) };
  const reshard = planOf(wanted, situation);
  if (reshard === null) return refused('a cluster has no room for so many groups of shards');
  if (sameShards(reshard.from, reshard.to)) return { kind: 'same', text: sameText(wanted) };
  const causal = own.level === 'causal' ? causalGroupsOver(reshard, state) : 0;
  return causal > CAUSAL_SHARDS_MAX ? refused(tooManyCausal(causal)) : { kind: 'reshard', reshard };
}

/** The controllers that may have shards. A change would wait for one that is away, so such a one gets no first shard. */
function ableIn({ configuration, agreed, isAway }: ReshardState): readonly ControllerId[] {
  const holders = holdersOf(agreed);
  // mutant: gives-shards-to-who-is-away
  return serversOf(configuration).filter((id) => holders.has(id) || !isAway(id));
}

/** What the first shards of a keyspace are planned with, or why it gets none. */
function firstShardsOf(
  wanted: WantedShards,
  { name, level }: KeyspaceSettings,
  state: ReshardState,
): FirstShards {
  if (wanted.what !== 'shards')
    return refused(
      `${name} has no shards: all controllers have its keys; keyspace ${name} shards 3 spreads them`,
    );
  const { shards } = wanted;
  if (shards === 1 && wanted.replicas === undefined)
    return { kind: 'same', text: `${name} has no shards: all controllers have its keys` };
  const controllers = ableIn(state).length;
  const replicas = wanted.replicas ?? Math.min(REPLICAS, controllers);
  const flaw = countFlaw(shards) ?? replicasFlaw(replicas) ?? tooFew(replicas, controllers);
  if (flaw !== null) return refused(flaw);
  return { kind: 'first', begins: { whole: { group: groupOfLevel(level, state.broadcastApart), replicas } } };
}

type FirstShards =
  | { readonly kind: 'first'; readonly begins: Pick<ShardSituation, 'whole'> }
  | Extract<ParsedReshard, { readonly kind: 'same' | 'refused' }>;

function countFlaw(shards: number): string | null {
  return shards < 1 || shards > SHARDS_MAX ? `a keyspace has 1 to ${SHARDS_MAX} shards` : null;
}

function replicasFlaw(replicas: number): string | null {
  return replicas < 1 || replicas > REPLICAS_MAX ? `a shard has 1 to ${REPLICAS_MAX} controllers` : null;
}

function planOf(wanted: WantedShards, situation: ShardSituation): Reshard | null {
  switch (wanted.what) {
    case 'shards':
      return resharded(situation, wanted.shards);
    case 'move':
      return movedShard(situation, wanted.shard, wanted.controllers);
    case 'rebalance': {
      const controllers = situation.controllers.filter((id) => id !== wanted.without);
      return rebalanced({ ...situation, controllers });
    }
  }
}

function flawOf(wanted: WantedShards, now: AgreedShards, state: ReshardState): string | null {
  const { keyspace } = wanted;
  const { configuration } = state;
  const able = ableIn(state);
  const replicas = now.groups[0]!.length - 1;
  switch (wanted.what) {
    case 'shards':
      return countFlaw(wanted.shards) ?? otherReplicas(wanted, replicas) ?? tooFew(replicas, able.length);
    case 'move': {
      const { shard, controllers } = wanted;
      if (shard >= now.shards)
        return `${keyspace} has ${inShards(now.shards)}, which are counted from 0: there is no shard ${shard}`;
      const unknown = controllers.find((id) => !isServer(configuration, id));
      if (unknown !== undefined)
        return `controller ${unknown} can have no shards: member lists those that vote or follow`;
      const away = controllers.find((id) => !able.includes(id));
      if (away !== undefined) return `controller ${away} can not be reached: start it first`;
      if (new Set(controllers).size < controllers.length) return 'a controller is named twice';
      return controllers.length === replicas
        ? null
        : `each shard of ${keyspace} has ${replicas} controllers, and ${controllers.length} are named`;
    }
    case 'rebalance': {
      const { without } = wanted;
      if (without !== null && !isServer(configuration, without))
        return `controller ${without} has no shards, since it neither votes nor follows: member lists the controllers`;
      return tooFew(replicas, able.filter((id) => id !== without).length);
    }
  }
}

function otherReplicas(
  { keyspace, replicas }: Extract<WantedShards, { readonly what: 'shards' }>,
  now: number,
): string | null {
  return replicas === undefined || replicas === now
    ? null
    : `each shard of ${keyspace} has ${now} controllers, and keeps as many: shards and replicas do not change at once`;
}

function tooFew(replicas: number, controllers: number): string | null {
  return replicas <= controllers
    ? null
    : `each shard has ${replicas} controllers, and there would be ${controllers}: add one first`;
}

function sameText(wanted: WantedShards): string {
  const { keyspace } = wanted;
  switch (wanted.what) {
    case 'shards':
      return `${keyspace} has ${inShards(wanted.shards)} already`;
    case 'move':
      return `shard ${wanted.shard} of ${keyspace} has these controllers already`;
    case 'rebalance':
      return wanted.without === null
        ? `the shards of ${keyspace} are spread evenly already`
        : `controller ${wanted.without} has no shard of ${keyspace}, and they are spread evenly`;
  }
}

/** The groups of shards at `causal` that there are while the change is under way: a session may depend on each. */
function causalGroupsOver({ from, to }: Reshard, { agreed, keyspaces }: ReshardState): number {
  const isCausal = (name: string) => keyspaces.some((one) => one.name === name && one.level === 'causal');
  const all = [...agreed, from, to].filter((one) => isCausal(one.keyspace) && !isWhole(one));
  return new Set(all.flatMap(({ groups }) => groups.map(([group]) => group))).size;
}

function tooManyCausal(groups: number): string {
  return (
    `the keyspaces at causal would have ${groups} groups while that is done, those before and after it, and sessions ` +
    `go over ${CAUSAL_SHARDS_MAX} at most`
  );
}

function refused(reason: string): Extract<ParsedReshard, { readonly kind: 'refused' }> {
  return { kind: 'refused', reason };
}
