import type { WantedShards } from '../../src/controller/admin/reshard-wish.ts';
import { isPlacedLevel, PLACED_LEVELS, type PlacedLevel } from '../../src/placement/placed-level.ts';
import { DEFAULT_KEYSPACE, type KeyspaceSettings } from '../../src/placement/placement.ts';
import type { WantedKeyspace } from '../../src/protocol/request.ts';
import { type LevelSwitch, switchesOf } from './level-switches.ts';
import type { Random } from './random.ts';
import type { ScenarioShards } from './scenario-shards.ts';
import type { SimCluster } from './sim-cluster.ts';

/** A client asks a controller to add a keyspace, to remove one, or to give one another prefix or other shards. */
export interface KeyspaceStep {
  /** Virtual milliseconds after the clients have started. */
  readonly atMs: number;
  readonly node: number;
  readonly change: Extract<
    WantedKeyspace,
    { readonly what: 'add' | 'remove' | 'prefix' | WantedShards['what'] }
  >;
}

/** Names of keyspaces that are not there at the start. */
const FURTHER = ['further', 'another'];

/**
 * Each of them names all keys that begin with the first letter, or none. So the keys of a keyspace at the start stay
 * together, and are judged together.
 */
const PREFIXES = ['s:', 's', 'c:', 'e:', 'e', 'l:', 'l', 'x:'];

/** @param names of the keyspaces at the start, without the default one */
export function drawKeyspaceSteps(
  random: Random,
  untilMs: number,
  nodes: number,
  names: readonly string[],
): readonly KeyspaceStep[] {
  const change = (): KeyspaceStep['change'] => {
    const what = random.pick(['add', 'add', 'remove', 'prefix', 'prefix'] as const);
    const prefix = random.pick(PREFIXES);
    if (what === 'add')
      return { what, keyspace: random.pick(FURTHER), prefix, level: random.pick(PLACED_LEVELS) };
    const keyspace = random.pick([...names, ...FURTHER]);
    return what === 'remove' ? { what, keyspace } : { what, keyspace, prefix };
  };
  return Array.from({ length: 1 + random.below(6) }, () => {
    return { atMs: random.between(0, untilMs), node: random.below(nodes), change: change() };
  }).sort((a, b) => a.atMs - b.atMs);
}

/**
 * Other numbers of shards for the only keyspace, and other controllers for some of them. Some are asked of two
 * controllers at the same time.
 */
export function drawReshards(
  random: Random,
  untilMs: number,
  { nodes, replicas }: { readonly nodes: number; readonly replicas: number },
): readonly KeyspaceStep[] {
  const count = 1 + random.below(4);
  return Array.from({ length: count }, (): KeyspaceStep => {
    const change = drawReshard(random, nodes, replicas);
    return { atMs: random.between(0, untilMs), node: random.below(nodes), change };
  }).sort((a, b) => a.atMs - b.atMs);
}

/** The first of these steps gives the keyspace its shards: it has none at the start. */
export function firstShards(
  shards: ScenarioShards,
  [first, ...others]: readonly KeyspaceStep[],
): { readonly shards: ScenarioShards; readonly steps: readonly KeyspaceStep[] } {
  const change = { what: 'shards', keyspace: DEFAULT_KEYSPACE, ...shards } as const;
  return { shards: { ...shards, isLate: true }, steps: [{ ...first!, change }, ...others] };
}

function drawReshard(random: Random, nodes: number, replicas: number): WantedShards {
  const keyspace = DEFAULT_KEYSPACE;
  const what = random.pick(['shards', 'shards', 'move', 'move', 'rebalance'] as const);
  const anyNode = () => random.below(nodes);
  switch (what) {
    case 'shards':
      return { what, keyspace, shards: 1 + random.below(5) };
    case 'move': {
      const controllers = new Set<number>();
      while (controllers.size < Math.min(replicas, nodes)) controllers.add(anyNode());
      return { what, keyspace, shard: random.below(4), controllers: [...controllers] };
    }
    case 'rebalance':
      return { what, keyspace, without: random.pick([null, anyNode()]) };
  }
}

/** Whether a step may take keys of this keyspace out of it, or give them another one. */
export function isChangedBy(steps: readonly KeyspaceStep[], { name, prefix }: KeyspaceSettings): boolean {
  return (
    name !== DEFAULT_KEYSPACE &&
    steps.some(
      ({ change }) => change.keyspace === name || ('prefix' in change && prefix.startsWith(change.prefix)),
    )
  );
}

/**
 * The levels that the keys of a keyspace may have at any time: those of every keyspace whose prefix they may ever begin
 * with.
 *
 * @param all the keyspaces at the start
 */
export function levelsOver(
  one: KeyspaceSettings,
  all: readonly KeyspaceSettings[],
  switches: readonly LevelSwitch[],
  steps: readonly KeyspaceStep[],
): readonly PlacedLevel[] {
  const mayHave = ({ name, prefix }: KeyspaceSettings): boolean =>
    one.prefix.startsWith(prefix) ||
    steps.some(
      ({ change }) => change.keyspace === name && 'prefix' in change && one.prefix.startsWith(change.prefix),
    );
  const isAlone = !isChangedBy(steps, one);
  const begun = isAlone ? [one] : [...all.filter(mayHave), ...addedBy(steps).filter(mayHave)];
  const levels = begun.flatMap(({ name, level }) => [
    level,
    ...switchesOf(switches, name).map((to) => to.level),
  ]);
  return [...new Set(levels)];
}

function addedBy(steps: readonly KeyspaceStep[]): readonly KeyspaceSettings[] {
  return steps.flatMap(({ change }) => {
    if (change.what !== 'add' || !isPlacedLevel(change.level)) return [];
    return [{ name: change.keyspace, prefix: change.prefix, level: change.level }];
  });
}

/** Carries out the steps. */
export class KeyspaceSteps {
  readonly #cluster: SimCluster;
  /** Steps that are still to come, or that are asked for and not answered. */
  #left: number;

  constructor(cluster: SimCluster, steps: readonly KeyspaceStep[]) {
    this.#cluster = cluster;
    this.#left = steps.length;
    for (const step of steps) cluster.scheduler.after(step.atMs, () => this.#ask(step));
  }

  get areOver(): boolean {
    return this.#left === 0;
  }

  #ask({ node, change }: KeyspaceStep): void {
    const { scheduler, nodes } = this.#cluster;
    let isAnswered = false;
    const end = (): void => {
      if (!isAnswered) this.#left--;
      isAnswered = true;
    };
    if (nodes[node]?.core == null) return end();
    nodes[node].connect().submit({ kind: 'keyspace', change, format: 'table' }, end);
    // The controller may be killed before it answers.
    scheduler.after(ANSWERED_WITHIN_MS, end);
  }
}

const ANSWERED_WITHIN_MS = 3_000;

/** A step in words. */
export function describeStep({ atMs, node, change }: KeyspaceStep): string {
  const { what, keyspace } = change;
  const more = 'prefix' in change ? ` ${change.prefix}` : '';
  const level = 'level' in change ? ` ${change.level}` : '';
  const replicas = 'replicas' in change ? `x${change.replicas}` : '';
  const shards = 'shards' in change ? ` to ${change.shards}${replicas}` : '';
  const moved = 'shard' in change ? ` ${change.shard} to ${change.controllers.join(',')}` : '';
  const without = 'without' in change && change.without !== null ? ` without ${change.without}` : '';
  const how = what === 'shards' ? 'reshard' : what;
  return `n${node} is asked to ${how} ${keyspace}${more}${level}${shards}${moved}${without}, at ${Math.round(atMs)}`;
}
