import type { State } from '../../src/checkers/convergence.ts';
import { checkLinearizability } from '../../src/checkers/linearizability.ts';
import type { SessionHistory } from '../../src/checkers/session-history.ts';
import { isOrdered } from '../../src/consistency/policies.ts';
import { Keyspaces } from '../../src/placement/keyspaces.ts';
import { keyspacesOf } from '../../src/placement/placement.ts';
import { isFleeting } from './expiry.ts';
import { judge, type Verdict } from './judge.ts';
import type { Judged, JudgedRecord } from './judged.ts';
import type { LevelSwitches } from './level-switches.ts';
import { withoutLost } from './loss.ts';
import { MIXED_KEYSPACES } from './mixed-keyspaces.ts';
import type { Scenario } from './scenario.ts';
import { AgesRecorder, isAged } from './sim-ages.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { Violation } from './violation.ts';

/** The groups, and the level that all entries of each are promised at least. */
const GROUPS = [
  { group: 0, level: 'sequential', prefixes: ['', 's:'] },
  { group: 1, level: 'eventual', prefixes: ['e:'] },
  { group: 2, level: 'causal', prefixes: ['c:'] },
] as const;

/** Judges a scenario by its level or, where it has keyspaces, each of them by its own level. */
export function judgeScenario(
  scenario: Scenario,
  cluster: SimCluster,
  record: JudgedRecord,
  values: readonly State[],
  sessions: SessionHistory,
  ages: AgesRecorder,
  switches: LevelSwitches,
): Verdict {
  return scenario.keyspaces === undefined
    ? judge(scenario, cluster, record, values, sessions, ages, switches)
    : judgeKeyspaces(scenario, cluster, record, values, ages);
}

/** Keyspaces of one group have one order in common. */
function judgeKeyspaces(
  scenario: Scenario,
  cluster: SimCluster,
  record: JudgedRecord,
  values: readonly State[],
  ages: AgesRecorder,
): Verdict {
  const keyspaces = new Keyspaces(keyspacesOf({ level: 'linearizability', keyspaces: MIXED_KEYSPACES }));
  const verdicts = GROUPS.map(({ group, level, prefixes }): Verdict => {
    // A flush has no key, and concerns every keyspace.
    const isOf = (key: string) =>
      key === '' || (prefixes as readonly string[]).includes(keyspaces.of(key).prefix);
    const of = <T extends { readonly key: string }>(all: readonly T[]) => all.filter(({ key }) => isOf(key));
    const part: JudgedRecord = {
      history: of(record.history),
      planned: of(record.planned),
      seen: record.seen.filter(({ key }) => isOf(key)),
      unanswered: group === 0 ? record.unanswered : [],
      failures: group === 0 ? record.failures : 0,
    };
    const ofGroup = values.map((state) => new Map([...state].filter(([key]) => isOf(key))));
    const aged = new AgesRecorder();
    aged.events.push(...of(ages.events));
    return judge({ ...scenario, level }, partOf(cluster, group, level), part, ofGroup, [], aged, null);
  });
  const linear = withoutLost(record.history, cluster.losses).filter(
    ({ key }) => key === '' || keyspaces.of(key).prefix === '',
  );
  return {
    violations: [...verdicts.flatMap(({ violations }) => violations), ...notLinearizable(linear)],
    undecided: verdicts.reduce((sum, { undecided }) => sum + undecided, 0),
    searched: verdicts.some(({ searched }) => searched),
  };
}

function notLinearizable(history: JudgedRecord['history']): Violation[] {
  const lasting = history.filter(({ key }) => !isFleeting(key) && !isAged(key));
  return [...checkLinearizability(lasting)]
    .filter(([, verdict]) => verdict === 'violated')
    .map(([key]) => ({ kind: 'not-linearizable', text: `key ${key}` }));
}

/** The cluster as far as one group is concerned. */
function partOf(cluster: SimCluster, group: number, level: Judged['level']): Judged {
  const { durability, resumptions, nodes } = cluster;
  return {
    level,
    durability,
    losses: isOrdered(level) ? cluster.losses : cluster.lossesAlone,
    resumptions,
    nodes: nodes.map((node) => ({
      id: node.id,
      incarnation: node.incarnation,
      diedMs: node.diedMs,
      store: node.store,
      journal: node.journalOf(group),
    })),
  };
}
