import type { State } from '../../src/checkers/convergence.ts';
import { isOrdered } from '../../src/consistency/policies.ts';
import { groupOfLevel } from '../../src/controller/group-plan.ts';
import { placedLevel } from '../../src/placement/placed-level.ts';
import { FIRST_SHARD_GROUP } from '../../src/placement/shards.ts';
import { SLOTS, shardsOfSlots, slotOf } from '../../src/placement/slots.ts';
import { judge, type Verdict } from './judge.ts';
import type { Judged, JudgedNode, JudgedRecord } from './judged.ts';
import type { Scenario } from './scenario.ts';
import type { ScenarioShards } from './scenario-shards.ts';
import { AgesRecorder } from './sim-ages.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';
import { joined, restricted } from './witness-journal.ts';

/** Judges each shard of the only keyspace by itself: what its members have, and what all controllers say of its keys. */
export function judgeShards(
  scenario: Scenario,
  { shards, isLate }: ScenarioShards,
  cluster: SimCluster,
  record: JudgedRecord,
  values: readonly State[],
  ages: AgesRecorder,
): Verdict {
  const atStart =
    isLate === true
      ? [groupOfLevel(placedLevel(scenario.level, scenario.scheme ?? 'broadcast'), false)]
      : Array.from({ length: shards }, (_, i) => FIRST_SHARD_GROUP + i);
  const groups = groupsAtEnd(cluster) ?? atStart;
  const isResharded = (scenario.steps ?? []).length > 0;
  const parts = isResharded ? partsOver(scenario, shards, groups) : partsOf(groups);
  const verdicts = parts.map(({ group, has }, at): Verdict => {
    // A flush has no key, and concerns every shard.
    const isOf = (key: string) => key === '' || has(slotOf(key));
    const of = <T extends { readonly key: string }>(all: readonly T[]) => all.filter(({ key }) => isOf(key));
    const ofShard: JudgedRecord = {
      history: of(record.history),
      planned: of(record.planned),
      // Without an order another replica may be asked once the one that was asked has died, and may know less.
      seen: isOrdered(scenario.level) || scenario.faults.length === 0 ? of(record.seen) : [],
      unanswered: at === 0 ? record.unanswered : [],
      failures: at === 0 ? record.failures : 0,
      doubtful: record.doubtful,
    };
    const ofValues = values.map((state) => new Map([...state].filter(([key]) => isOf(key))));
    const judged = isResharded ? movedShardOf(cluster, group, isOf) : shardOf(cluster, group);
    const aged = new AgesRecorder();
    // The run that has carried a write out may have ended, whether or not that of the controller that answered has.
    const hasEnded = judged.nodes.some(({ incarnation }) => incarnation > 1);
    aged.events.push(...of(ages.events).map((event) => ({ ...event, hasEnded: event.hasEnded || hasEnded })));
    return judge(scenario, judged, ofShard, ofValues, [], aged, null);
  });
  return {
    violations: verdicts.flatMap(({ violations }) => violations),
    undecided: verdicts.reduce((sum, { undecided }) => sum + undecided, 0),
    searched: verdicts.some(({ searched }) => searched),
  };
}

/** Slots that are judged together, and the group that has them at the end. */
interface JudgedSlots {
  readonly group: number;
  readonly has: (slot: number) => boolean;
}

function partsOf(groups: readonly number[]): readonly JudgedSlots[] {
  const bySlot = shardsOfSlots(groups.length);
  return groups.map((group, shard) => ({ group, has: (slot) => bySlot[slot] === shard }));
}

/**
 * The slots that were in one shard all the time: nothing is promised of the order of writes in two shards. At a
 * convergent level a key is judged by itself, or by what a session has seen in all shards.
 */
function partsOver(
  { level, steps = [] }: Scenario,
  shards: number,
  groups: readonly number[],
): readonly JudgedSlots[] {
  if (!isOrdered(level)) return partsOf(groups);
  const counts = new Set([groups.length, shards]);
  for (const { change } of steps) if (change.what === 'shards') counts.add(change.shards);
  const tables = [...counts].map(shardsOfSlots);
  const nameOf = (slot: number) => tables.map((table) => table[slot]).join();
  const names = Array.from({ length: SLOTS }, (_, slot) => nameOf(slot));
  return [...new Set(names)].map((name) => {
    const group = groups[Number(name.split(',')[0])]!;
    return { group, has: (slot) => names[slot] === name };
  });
}

/** The groups of the shards as they are now; null where the controllers have agreed on none. */
function groupsAtEnd({ nodes }: SimCluster): readonly number[] | null {
  const [agreed] = nodes[0]!.core!.groups.views.placement?.shards ?? [];
  return agreed?.groups.map(([group]) => group!) ?? null;
}

/**
 * The shard as its members have it at the end, and what any controller ever applied of its keys.
 *
 *  - A controller that has no part in it any more knows what the first member knows.
 *  - A controller may have been away from the key while others deleted it, and forgot that. So deletions count as
 *    applied everywhere.
 *  - A controller may have copied what is lost with those that served it. So no controller counts as one that forgets
 *    nothing where a run has ended whose writes were not on disk.
 */
function movedShardOf(cluster: SimCluster, group: number, isOf: (key: string) => boolean): Judged {
  const { level, durability, losses, lossesAlone, resumptions, nodes } = cluster;
  const members = nodes.filter(({ core }) => core?.groups.byNumber[group] !== undefined);
  const latest = Math.max(...nodes.map(({ incarnation }) => incarnation));
  const deletions = nodes
    .flatMap(({ journals }) => journals.all)
    .flatMap(({ applied }) => applied.filter(({ kind }) => kind === 'delete'));
  const judgedOf = (node: SimNode): JudgedNode => {
    const member = members.includes(node) ? node : members[0]!;
    const own = joined(node.journals.all, member.journalOf(group));
    const journal = { ...own, applied: [...own.applied, ...deletions] };
    return {
      id: node.id,
      incarnation: durability === 'sync' ? node.incarnation : latest,
      diedMs: node.diedMs,
      store: member.store,
      journal: restricted(journal, isOf),
    };
  };
  return {
    level,
    durability,
    losses: [...losses, ...lossesAlone],
    lossesAlone: [],
    resumptions,
    former: cluster.former.map(judgedOf),
    replicas: members.length,
    nodes: nodes.map(judgedOf),
  };
}

/** The members of one group. */
function shardOf(cluster: SimCluster, group: number): Judged {
  const { level, durability, losses, lossesAlone, resumptions, nodes } = cluster;
  const members = nodes.filter((node) => node.journals.of(group) !== undefined);
  return {
    level,
    durability,
    losses,
    lossesAlone,
    resumptions,
    former: [],
    nodes: members.map((node) => ({
      id: node.id,
      incarnation: node.incarnation,
      diedMs: node.diedMs,
      store: node.store,
      journal: node.journalOf(group),
    })),
  };
}
