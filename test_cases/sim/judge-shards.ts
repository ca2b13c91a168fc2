import type { State } from '../../src/checkers/convergence.ts';
import { isOrdered } from '../../src/consistency/policies.ts';
import { FIRST_SHARD_GROUP } from '../../src/placement/shards.ts';
import { shardsOfSlots, slotOf } from '../../src/placement/slots.ts';
import { judge, type Verdict } from './judge.ts';
import type { Judged, JudgedRecord } from './judged.ts';
import type { Scenario } from './scenario.ts';
import type { ScenarioShards } from './scenario-shards.ts';
import { AgesRecorder } from './sim-ages.ts';
import type { SimCluster } from './sim-cluster.ts';

/** Judges each shard of the only keyspace by itself: what its members have, and what all controllers say of its keys. */
export function judgeShards(
  scenario: Scenario,
  { shards }: ScenarioShards,
  cluster: SimCluster,
  record: JudgedRecord,
  values: readonly State[],
  ages: AgesRecorder,
): Verdict {
  const bySlot = shardsOfSlots(shards);
  const verdicts = Array.from({ length: shards }, (_, shard): Verdict => {
    // A flush has no key, and concerns every shard.
    const isOf = (key: string) => key === '' || bySlot[slotOf(key)] === shard;
    const of = <T extends { readonly key: string }>(all: readonly T[]) => all.filter(({ key }) => isOf(key));
    const ofShard: JudgedRecord = {
      history: of(record.history),
      planned: of(record.planned),
      // Without an order another replica may be asked once the one that was asked has died, and may know less.
      seen: isOrdered(scenario.level) || scenario.faults.length === 0 ? of(record.seen) : [],
      unanswered: shard === 0 ? record.unanswered : [],
      failures: shard === 0 ? record.failures : 0,
    };
    const ofValues = values.map((state) => new Map([...state].filter(([key]) => isOf(key))));
    const judged = shardOf(cluster, FIRST_SHARD_GROUP + shard);
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

/** The members of one group. */
function shardOf(cluster: SimCluster, group: number): Judged {
  const { level, durability, losses, lossesAlone, resumptions, nodes } = cluster;
  const members = nodes.filter((node) => node.journals.of(group) !== undefined);
  return {
    level,
    durability,
    losses: isOrdered(level) ? losses : [...losses, ...lossesAlone],
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
