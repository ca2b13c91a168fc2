import type { State } from '../../src/checkers/convergence.ts';
import { checkLinearizability } from '../../src/checkers/linearizability.ts';
import type { SessionHistory } from '../../src/checkers/session-history.ts';
import { isOrdered } from '../../src/consistency/policies.ts';
import { groupOfLevel } from '../../src/controller/group-plan.ts';
import { ROOT_GROUP } from '../../src/membership/peer-bus.ts';
import { Keyspaces } from '../../src/placement/keyspaces.ts';
import { LEVELS } from '../../src/placement/level.ts';
import { levelOf } from '../../src/placement/placed-level.ts';
import { type KeyspaceSettings, keyspacesOf } from '../../src/placement/placement.ts';
import { SCHEMES } from '../../src/replication/schemes.ts';
import { isFleeting } from './expiry.ts';
import { judge, type Verdict } from './judge.ts';
import { judgeShards } from './judge-shards.ts';
import type { Judged, JudgedNode, JudgedRecord } from './judged.ts';
import { isChangedBy, KeyspaceSteps, levelsOver } from './keyspace-steps.ts';
import { keepsSessions, LevelSwitches, switchesOf } from './level-switches.ts';
import { withoutLost } from './loss.ts';
import { MIXED_KEYSPACES } from './mixed-keyspaces.ts';
import type { Scenario } from './scenario.ts';
import { AgesRecorder, isAged } from './sim-ages.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';
import type { Violation } from './violation.ts';

/** Keyspaces that are judged together, and the level that all their entries are promised at least. */
interface Part {
  readonly level: Judged['level'];
  readonly keyspaces: readonly KeyspaceSettings[];
  /** The groups that may have their entries at any time. */
  readonly groups: readonly number[];
}

const ALL = keyspacesOf({ level: 'linearizability', keyspaces: MIXED_KEYSPACES });

/**
 * Keyspaces that are in one ordered group all the time have one order in common. Each other keyspace is judged by
 * itself.
 */
function partsOf({ switches = [], steps = [] }: Scenario): readonly Part[] {
  const alone = ALL.map((one): Part => {
    const levels = levelsOver(one, ALL, switches, steps);
    const weakest = LEVELS.findLast((level) => levels.some((placed) => levelOf(placed) === level))!;
    const groups = [...new Set(levels.map((level) => groupOfLevel(level, false)))];
    return { level: isOrdered(weakest) ? 'sequential' : weakest, keyspaces: [one], groups };
  });
  const isIn = (group: number) => (part: Part) => isOrdered(part.level) && `${part.groups}` === `${group}`;
  const together = ORDERED_GROUPS.flatMap((group): Part[] => {
    const keyspaces = alone.filter(isIn(group)).flatMap((part) => part.keyspaces);
    return keyspaces.length === 0 ? [] : [{ level: 'sequential', keyspaces, groups: [group] }];
  });
  return [...together, ...alone.filter((part) => !ORDERED_GROUPS.some((group) => isIn(group)(part)))];
}

const ORDERED_GROUPS: readonly number[] = [ROOT_GROUP, SCHEMES.chain.group];

/** Judges a scenario by its level; where it has shards, each of them; and where it has keyspaces, each by its own level. */
export function judgeScenario(
  scenario: Scenario,
  cluster: SimCluster,
  record: JudgedRecord,
  values: readonly State[],
  sessions: SessionHistory,
  ages: AgesRecorder,
  { switches }: KeyspaceChanges,
): Verdict {
  if (scenario.shards !== undefined)
    return judgeShards(scenario, scenario.shards, cluster, record, values, ages);
  return scenario.keyspaces === undefined
    ? judge(scenario, cluster, record, values, sessions, ages, switches[0]!)
    : judgeKeyspaces(scenario, cluster, record, values, sessions, ages, switches);
}

function judgeKeyspaces(
  scenario: Scenario,
  cluster: SimCluster,
  record: JudgedRecord,
  values: readonly State[],
  sessions: SessionHistory,
  ages: AgesRecorder,
  switches: readonly LevelSwitches[],
): Verdict {
  const keyspaces = new Keyspaces(ALL);
  const parts = partsOf(scenario);
  const verdicts = parts.map((part, i): Verdict => {
    // A flush has no key, and concerns every keyspace.
    const isOf = (key: string) => key === '' || part.keyspaces.includes(keyspaces.of(key));
    const of = <T extends { readonly key: string }>(all: readonly T[]) => all.filter(({ key }) => isOf(key));
    const ofPart: JudgedRecord = {
      history: of(record.history),
      planned: of(record.planned),
      seen: record.seen.filter(({ key }) => isOf(key)),
      unanswered: i === 0 ? record.unanswered : [],
      failures: i === 0 ? record.failures : 0,
      doubtful: record.doubtful,
    };
    const ofValues = values.map((state) => new Map([...state].filter(([key]) => isOf(key))));
    const aged = new AgesRecorder();
    aged.events.push(...of(ages.events));
    const judged = partOf(cluster, part, isOf);
    return judge({ ...scenario, level: part.level }, judged, ofPart, ofValues, of(sessions), aged, null);
  });
  const lasting = withoutLost(record.history, cluster.losses).filter(
    ({ key }) => !isFleeting(key) && !isAged(key),
  );
  const ordered = parts.filter(({ level }) => isOrdered(level)).flatMap((part) => part.keyspaces);
  const linear = ordered.flatMap((keyspace) => {
    const part = lasting.filter(({ key }) => key === '' || keyspaces.of(key) === keyspace);
    if (!isChangedBy(scenario.steps ?? [], keyspace))
      return notLinearizable(switches[ALL.indexOf(keyspace)]!.strictPartOf(part));
    const levels = levelsOver(keyspace, ALL, scenario.switches ?? [], scenario.steps ?? []);
    const isStrict = levels.every((level) => levelOf(level) === 'linearizability');
    return isStrict ? notLinearizable(part.filter(({ weaker }) => weaker === undefined)) : [];
  });
  return {
    violations: [...verdicts.flatMap(({ violations }) => violations), ...linear],
    undecided: verdicts.reduce((sum, { undecided }) => sum + undecided, 0),
    searched: verdicts.some(({ searched }) => searched),
  };
}

/** What clients ask for besides entries. */
export interface KeyspaceChanges {
  /** For each keyspace, in one order, what carries out its switches. */
  readonly switches: readonly LevelSwitches[];
  readonly areOver: boolean;
}

export function keyspaceChanges(
  cluster: SimCluster,
  { level, keyspaces, switches: asked = [], steps = [] }: Scenario,
): KeyspaceChanges {
  const switches =
    keyspaces === undefined
      ? [new LevelSwitches(cluster, level, asked)]
      : ALL.map((one) => new LevelSwitches(cluster, one.level, switchesOf(asked, one.name)));
  const all = [...switches, new KeyspaceSteps(cluster, steps)];
  return {
    switches,
    get areOver() {
      return all.every(({ areOver }) => areOver);
    },
  };
}

/** The sessions' keyspace keeps the guarantees of sessions all the time. */
export function keepsSessionsIn({ level, keyspaces, switches = [], steps = [] }: Scenario): boolean {
  if (keyspaces === undefined) return keepsSessions([level, ...switches.map((to) => to.level)]);
  const sessions = ALL.find(({ name }) => name === 'sessions')!;
  return keepsSessions(levelsOver(sessions, ALL, switches, steps));
}

function notLinearizable(history: JudgedRecord['history']): Violation[] {
  return [...checkLinearizability(history)]
    .filter(([, verdict]) => verdict === 'violated')
    .map(([key]) => ({ kind: 'not-linearizable', text: `key ${key}` }));
}

/** The cluster as far as these keyspaces are concerned. */
function partOf(
  cluster: SimCluster,
  { level, keyspaces, groups }: Part,
  isOf: (key: string) => boolean,
): Judged {
  const { durability, resumptions } = cluster;
  const prefix = keyspaces[0]?.prefix ?? '';
  const part = (node: SimNode): JudgedNode => ({
    id: node.id,
    incarnation: node.incarnation,
    diedMs: node.diedMs,
    store: node.store,
    journal: node.journals.part(groups, prefix, isOf),
  });
  return {
    level,
    durability,
    losses: cluster.losses,
    lossesAlone: cluster.lossesAlone,
    resumptions,
    nodes: cluster.nodes.map(part),
    former: cluster.former.map(part),
  };
}
