import type { History } from '../../src/checkers/history.ts';
import { isOrdered } from '../../src/consistency/policies.ts';
import { compareBallots } from '../../src/membership/ballot.ts';
import { ballotName, type View } from '../../src/membership/view.ts';
import { epochOf, samePlacement } from '../../src/placement/agreed-placement.ts';
import { LEVELS, type Level } from '../../src/placement/level.ts';
import {
  levelOf,
  orderedSchemeOf,
  PLACED_LEVELS,
  type PlacedLevel,
} from '../../src/placement/placed-level.ts';
import { DEFAULT_KEYSPACE } from '../../src/placement/placement.ts';
import type { Random } from './random.ts';
import type { SimCluster } from './sim-cluster.ts';

/** A client asks a controller for another level of a keyspace. */
export interface LevelSwitch {
  /** Its name; the default one where it is not given. */
  readonly keyspace?: string;
  /** Virtual milliseconds after the clients have started. */
  readonly atMs: number;
  readonly node: number;
  /** With the scheme behind it where that is a chain. Otherwise broadcast is asked for. */
  readonly level: PlacedLevel;
}

export const ORDERED: readonly Level[] = ['linearizability', 'sequential'];

/** Draws switches between these levels, some of them asked of two controllers at the same time. */
export function drawSwitches(
  random: Random,
  untilMs: number,
  nodes: number,
  levels: readonly PlacedLevel[],
): LevelSwitch[] {
  const count = 1 + random.below(6);
  return Array.from({ length: count }, () => {
    return { atMs: random.between(0, untilMs), node: random.below(nodes), level: random.pick(levels) };
  }).sort((a, b) => a.atMs - b.atMs);
}

/** The same with a keyspace for each switch: one of these names. */
export function drawKeyspaceSwitches(
  random: Random,
  untilMs: number,
  nodes: number,
  keyspaces: readonly string[],
): LevelSwitch[] {
  const all = [
    ...drawSwitches(random, untilMs, nodes, PLACED_LEVELS),
    ...drawSwitches(random, untilMs, nodes, PLACED_LEVELS),
  ];
  return all.map((one) => ({ ...one, keyspace: random.pick(keyspaces) })).sort((a, b) => a.atMs - b.atMs);
}

export function switchesOf(switches: readonly LevelSwitch[], name: string): readonly LevelSwitch[] {
  return switches.filter(({ keyspace = DEFAULT_KEYSPACE }) => keyspace === name);
}

/** A session keeps its guarantees from one of these levels to the other: `sequential` and `eventual` have no sessions. */
export function keepsSessions(levels: readonly PlacedLevel[]): boolean {
  return levels.every((one) => levelOf(one) === 'linearizability' || one === 'causal');
}

/**
 * The level by which a keyspace is judged: where it is moved between groups, the weakest that it may have at any
 * time.
 */
export function judgedLevel(level: PlacedLevel, switches: readonly LevelSwitch[]): Level {
  const all = [level, ...switches.map((one) => one.level)].map(levelOf);
  const weakest = LEVELS.findLast((one) => all.includes(one))!;
  return isOrdered(weakest) ? levelOf(level) : weakest;
}

/** A span of virtual time in which every read must be linearizable. */
interface Strict {
  readonly fromMs: number;
  toMs: number;
}

/** How often a switch is looked at, in virtual milliseconds. */
const LOOK_EVERY_MS = 5;

/**
 * Carries out the switches of one keyspace, and finds out when reads have to be linearizable: from the moment at which
 * a controller says that all go by the level, until a client asks any controller for a weaker one.
 */
export class LevelSwitches {
  readonly #cluster: SimCluster;
  readonly #strict: Strict[] = [];
  /** Switches that are asked for and not answered, or that are still to come. */
  #left: number;
  /** Switches that were asked for. */
  #asked = 0;
  /** Switches to a weaker level that were asked for and not answered. */
  #weakening = 0;

  constructor(cluster: SimCluster, level: PlacedLevel, switches: readonly LevelSwitch[]) {
    this.#cluster = cluster;
    this.#left = switches.length;
    if (levelOf(level) === 'linearizability') this.#begin(Number.NEGATIVE_INFINITY);
    for (const one of switches) cluster.scheduler.after(one.atMs, () => this.#ask(one));
  }

  get areOver(): boolean {
    const isMoving = this.#cluster.nodes.some(({ core }) => core?.groups.views.placement?.move != null);
    return this.#left === 0 && !isMoving;
  }

  /**
   * The operations that must be linearizable: all writes, and all that was read while reads had to be strict. An
   * answer that says that nothing was changed counts as a read.
   */
  strictPartOf(history: History): History {
    return history.filter(({ answer, action, invokedAt, returnedAt }) => {
      const isWrite =
        answer.kind === 'unknown' ||
        (answer.kind === 'word' ? WRITTEN.has(answer.word) : action.kind === 'incr' && answer.value !== null);
      return isWrite || this.#strict.some(({ fromMs, toMs }) => fromMs <= invokedAt && returnedAt <= toMs);
    });
  }

  #begin(fromMs: number): void {
    this.#strict.push({ fromMs, toMs: Number.POSITIVE_INFINITY });
  }

  #ask({ keyspace = DEFAULT_KEYSPACE, node, level }: LevelSwitch): void {
    const { scheduler, nodes } = this.#cluster;
    const asked = ++this.#asked;
    const last = this.#strict.at(-1);
    const isStrict = levelOf(level) === 'linearizability';
    const weakens = !isStrict;
    if (weakens && last !== undefined) last.toMs = Math.min(last.toMs, scheduler.nowMs);
    if (weakens) this.#weakening++;
    const { core } = nodes[node]!;
    let isAnswered = false;
    const end = (): void => {
      if (isAnswered) return;
      isAnswered = true;
      this.#left--;
      if (weakens) this.#weakening--;
    };
    if (core === null) return end();
    const word = orderedSchemeOf(level) === 'broadcast' ? `${level}/broadcast` : level;
    const change = { what: 'level', keyspace, level: word } as const;
    nodes[node]!.connect().submit({ kind: 'keyspace', change, format: 'table' }, (reply) => {
      const text = reply.kind === 'lines' ? reply.lines[0]! : '';
      if (isStrict && text.includes(' now, and was at ')) this.#untilKnown(node, asked);
      end();
    });
    // The controller may be killed before it answers.
    scheduler.after(ANSWERED_WITHIN_MS, end);
  }

  /** The reads are strict once the controller that was asked knows of none that goes by the weaker level. */
  #untilKnown(node: number, asked: number): void {
    const { scheduler, nodes } = this.#cluster;
    const { core } = nodes[node]!;
    const epoch = epochOf(core?.groups.views.placement ?? null);
    const look = (): void => {
      if (this.#asked !== asked || core === null || nodes[node]!.core !== core) return;
      const { placement, unaware } = core.groups.views;
      if (epochOf(placement) !== epoch) return;
      if (unaware.length === 0 && this.#weakening === 0) this.#begin(scheduler.nowMs);
      else scheduler.after(LOOK_EVERY_MS, look);
    };
    look();
  }
}

const ANSWERED_WITHIN_MS = 3_000;

/** Answers that say that something was changed. */
const WRITTEN: ReadonlySet<string> = new Set(['stored', 'deleted', 'touched', 'ok']);

/** Watches the placements of all views that are installed anywhere. */
export class PlacementWatch {
  readonly #views = new Map<string, View>();

  onView(view: View): void {
    this.#views.set(ballotName(view.ballot), view);
  }

  /**
   * The epoch never goes back from one installed view to the next, and a placement changes with its epoch only.
   *
   * @returns what is wrong; null when nothing is
   */
  findRegression(): string | null {
    const inOrder = [...this.#views.values()].sort((a, b) => compareBallots(a.ballot, b.ballot));
    for (const [i, view] of inOrder.entries()) {
      const before = inOrder[i - 1];
      if (before === undefined) continue;
      const [from, to] = [before, view].map(({ placement }) => epochOf(placement)) as [number, number];
      const isSame = samePlacement(before.placement, view.placement);
      if (to < from || (to === from) !== isSame)
        return `view ${ballotName(view.ballot)} has placement ${to}, after ${from} in ${ballotName(before.ballot)}`;
    }
    return null;
  }
}
