import type { Action } from '../../src/checkers/history.ts';
import { isOrdered } from '../../src/consistency/policies.ts';
import { DURABILITIES, type Durability } from '../../src/journal/durability.ts';
import { majorityOf } from '../../src/placement/configuration.ts';
import { LEVELS, type Level } from '../../src/placement/level.ts';
import {
  levelOf,
  type OrderedScheme,
  PLACED_LEVELS,
  type PlacedLevel,
  placedLevel,
} from '../../src/placement/placed-level.ts';
import { DEFAULT_KEYSPACE } from '../../src/placement/placement.ts';
import { INCREMENTS_MAX } from '../checkers/invented.ts';
import { drawFleeting, isFleeting, withLives } from './expiry.ts';
import { drawFaults, FAULT_KINDS, type Fault, type FaultKind, kindsOf } from './faults.ts';
import { drawKeyspaceSteps, drawReshards, firstShards, type KeyspaceStep } from './keyspace-steps.ts';
import { withIdsFrom } from './large-ids.ts';
import { drawKeyspaceSwitches, drawSwitches, type LevelSwitch, ORDERED } from './level-switches.ts';
import { drawMembers, JOINS_MAX, type MemberStep } from './member-steps.ts';
import { agesOverKeyspaces, MIXED_KEYSPACES, overKeyspaces, sessionsInKeyspace } from './mixed-keyspaces.ts';
import { Random } from './random.ts';
import { drawSpread, type ScenarioShards, withMostVoters } from './scenario-shards.ts';
import { type AgedPlan, drawAges } from './sim-ages.ts';
import type { ClientPlan, Operation } from './sim-clients.ts';
import type { Delays } from './sim-network.ts';
import { drawSessions, type SessionPlan } from './sim-sessions.ts';

/** Controllers that are away for a while after the faults. The others must serve meanwhile. */
export interface AbsentPeers {
  readonly nodes: readonly number[];
  /**
   * `full-disk`: they run, and cannot write. `blackout`: all machines went off, and only the others are started again.
   */
  readonly by: 'kill' | 'isolation' | 'pause' | 'full-disk' | 'blackout';
}

/** A whole run before it happens. A part that is left out does not change what is drawn for the rest. */
export interface Scenario {
  readonly seed: number;
  readonly level: Level;
  readonly durability: Durability;
  /** How ordered keyspaces are replicated; `broadcast` where it is left out. */
  readonly scheme?: OrderedScheme;
  /** Keyspaces besides the default one, which is at `linearizability` then: `MIXED_KEYSPACES`, or none. */
  readonly keyspaces?: typeof MIXED_KEYSPACES;
  /** How the keys are spread; left out where every controller has all keys. */
  readonly shards?: ScenarioShards;
  readonly nodes: number;
  readonly delays: Delays;
  readonly clients: readonly ClientPlan[];
  /** At `causal`: clients that go from controller to controller. */
  readonly sessions?: readonly SessionPlan[];
  /** Clients that read with a bound on staleness. */
  readonly ages?: readonly AgedPlan[];
  readonly faults: readonly Fault[];
  readonly absence: AbsentPeers;
  /** Clients ask for other levels, where that is possible while a cluster runs. */
  readonly switches?: readonly LevelSwitch[];
  /** With keyspaces: clients ask for others, and for other prefixes. */
  readonly steps?: readonly KeyspaceStep[];
  /** Controllers come to vote and stop voting; in some steps, controllers with new ids come. */
  readonly members?: readonly MemberStep[];
  /** Deletions are not kept for a peer that is silent for longer, in virtual milliseconds. */
  readonly horizonMs: number;
  /** Whether a flush is announced at the start, for a time that does not come. */
  readonly flushIsPending?: boolean;
}

/** What is fixed of a scenario that is to be drawn. All that is not given is drawn. */
export interface Draw {
  readonly level?: Level;
  /** Draws keyspaces of all levels; nothing that is silent for long starts empty, and no read asks for a level. */
  readonly mixed?: boolean;
  /** Draws shards. */
  readonly sharded?: boolean;
  /** With shards: some controllers do not vote. */
  readonly followers?: boolean;
  /** The durabilities to draw from. */
  readonly durabilities?: readonly Durability[];
  readonly scheme?: OrderedScheme;
  readonly nodes?: number;
  /** Mean number per virtual second. */
  readonly faults?: Readonly<Partial<Record<FaultKind, number>>>;
  readonly delays?: Delays;
  readonly workload?: Partial<Workload>;
  readonly horizonMs?: number;
  /** Whether clients ask for other levels; `all`: also for those of other groups. */
  readonly switches?: boolean | 'all';
  /** Whether controllers come to vote and stop voting; `joins`: also controllers with new ids. */
  readonly members?: boolean | 'joins';
  /** With `joins`: the least id that a controller is given that comes. */
  readonly idsFrom?: number;
  /** Whether entries have a time to live, and a flush may be pending. */
  readonly expiry?: boolean;
  /** The share of reads that ask for a level of their own. */
  readonly weakReads?: number;
  /** Whether there are clients that read with a bound on staleness. */
  readonly ages?: boolean;
}

export interface Workload {
  readonly clients: number;
  readonly operations: number;
  readonly keys: number;
  readonly pipeline: number;
  readonly actions: readonly Action['kind'][];
  /** The longest pause of a client between two operations, in virtual milliseconds. */
  readonly thinkMs: number;
  /** The share of operations that increment the counter. */
  readonly counting: number;
}

/** The key that is only incremented, from `0`. */
export const COUNTER = 'n';

const MIXES: readonly (readonly Action['kind'][])[] = [
  ['get', 'get', 'get', 'set', 'set', 'add', 'replace', 'append', 'cas', 'incr', 'delete'],
  ['get', 'set', 'set', 'delete'],
  ['get', 'get', 'get', 'get', 'set'],
  ['get', 'cas', 'cas', 'incr', 'incr', 'append', 'set'],
  ['get', 'get', 'set', 'set', 'add', 'append', 'incr', 'delete', 'flush'],
];

export function drawScenario(seed: number, draw: Draw = {}): Scenario {
  const { idsFrom, ...others } = draw;
  if (idsFrom !== undefined) return withIdsFrom(drawScenario(seed, others), idsFrom);
  if (draw.mixed === true) return drawMixed(seed, draw);
  if (draw.sharded === true) return drawSharded(seed, draw);
  const random = new Random(seed).fork('scenario');
  const level = pickOr(draw.level, () => random.pick(LEVELS));
  const nodes = pickOr(draw.nodes, () => (random.chance(0.8) ? 3 : 5));
  const delays = pickOr(draw.delays, () => drawDelays(random));
  const durability = new Random(seed).fork('durability').pick(draw.durabilities ?? DURABILITIES);
  const drawn = drawWorkload(random.fork('workload'), nodes);
  const workload = { ...(draw.members === 'joins' ? lasting(drawn) : drawn), ...draw.workload };
  const clients = drawClients(random.fork('clients'), workload, nodes);
  const plansMs = clients.map(planMs);
  const rates = draw.faults ?? drawRates(random.fork('rates'), durability !== 'none');
  const machines = draw.members === 'joins' ? nodes + JOINS_MAX : nodes;
  const faults = drawAllFaults(random.fork('faults'), rates, Math.max(500, ...plansMs), machines);
  const expiry = new Random(seed).fork('expiry');
  const expires = pickOr(draw.expiry, () => expiry.chance(0.5));
  const switches = drawnSwitches(seed, draw, level, Math.max(500, ...plansMs), nodes);
  const weakest = LEVELS.findLast(
    (one) => one === level || switches.some((to) => levelOf(to.level) === one),
  )!;
  const needsMajority = isOrdered(level) || switches.some((to) => isOrdered(levelOf(to.level)));
  return {
    seed,
    level,
    durability,
    ...(draw.scheme !== undefined && { scheme: draw.scheme }),
    nodes,
    delays,
    clients: withWeakReads(seed, draw, weakest, expires ? withExpiry(expiry, clients, nodes) : clients),
    sessions:
      level === 'causal'
        ? drawSessions(new Random(seed).fork('sessions'), nodes, Math.max(500, ...plansMs))
        : [],
    ages: drawAgesOf(seed, draw, nodes, Math.max(500, ...plansMs)),
    switches,
    ...drawMembers(new Random(seed).fork('members'), draw.members, Math.max(500, ...plansMs), nodes),
    flushIsPending: expires && expiry.chance(0.5),
    faults,
    absence: drawAbsence(random.fork('absence'), needsMajority ? majorityOf(nodes) : 1, nodes, durability),
    horizonMs: pickOr(draw.horizonMs, () => drawHorizon(new Random(seed).fork('horizon'))),
  };
}

/** The levels that keyspaces with shards have. */
const SHARD_LEVELS: readonly Level[] = ['eventual', 'linearizability', 'sequential', 'causal'];

/**
 * Controllers have some shards of the keys. One that starts empty in one group is no loss that the judge of another
 * group knows of. At the end at most as many controllers are away as leave a replica of each shard, or a
 * majority of them where the shard is ordered.
 */
function drawSharded(
  seed: number,
  { sharded: _, followers, switches, members: asked, ...draw }: Draw,
): Scenario {
  const random = new Random(seed).fork('shards');
  const nodes = draw.nodes ?? 3 + random.below(4) + (followers === true ? 2 : 0);
  const shards = drawSpread(random, followers === true);
  const level = pickOr(draw.level, () => new Random(seed).fork('level of shards').pick(SHARD_LEVELS));
  const weakReads = isOrdered(level) ? {} : { weakReads: 0 };
  const members = asked === 'joins' ? asked : false;
  const horizonMs = Number.POSITIVE_INFINITY;
  const fixed = { level, ...weakReads, horizonMs, switches: false, members, nodes } as const;
  const drawn = drawScenario(seed, { ...draw, ...fixed });
  const needed = isOrdered(level) ? majorityOf(shards.replicas) : 1;
  const away = withMostVoters(drawn.absence.nodes.slice(0, shards.replicas - needed), shards);
  const sharded = { ...drawn, shards, absence: { ...drawn.absence, nodes: away } };
  if (switches !== 'all') return sharded;
  const spread = { nodes: asked === 'joins' ? nodes + JOINS_MAX : nodes, replicas: shards.replicas };
  const activeMs = Math.max(500, ...drawn.clients.map(planMs));
  const steps = drawReshards(new Random(seed).fork('reshards'), activeMs, spread);
  // With nothing on disk, who may end depends on the groups that it has, and these change under its end.
  const isKept = !isOrdered(level) || drawn.durability !== 'none';
  const isLate = isKept && followers !== true && new Random(seed).fork('first shards').chance(0.3);
  return { ...withoutFlushes(sharded), ...(isLate ? firstShards(shards, steps) : { steps }) };
}

/** A controller that starts empty in one group is no loss that the judge of another group knows of. */
function drawMixed(seed: number, { mixed: _, switches: asked = false, ...draw }: Draw): Scenario {
  const horizonMs = Number.POSITIVE_INFINITY;
  const fixed = { level: 'linearizability', weakReads: 0, horizonMs, switches: false } as const;
  const drawn = drawScenario(seed, { ...draw, ...fixed });
  const { nodes } = drawn;
  const activeMs = Math.max(500, ...drawn.clients.map(planMs));
  const switches =
    asked === 'all' ? drawMixedSwitches(new Random(seed).fork('switches'), activeMs, nodes) : [];
  const names = MIXED_KEYSPACES.map(({ name }) => name);
  const chance = new Random(seed).fork('keyspace steps');
  const steps =
    asked === 'all' && chance.chance(0.6) ? drawKeyspaceSteps(chance, activeMs, nodes, names) : [];
  const scenario = switches.length + steps.length === 0 ? drawn : withoutFlushes(drawn);
  const stays = (key: string) => key === '' || key === COUNTER || isFleeting(key);
  const clients = overKeyspaces(new Random(seed).fork('keyspaces'), scenario.clients, stays);
  const ages = agesOverKeyspaces(new Random(seed).fork('aged keyspaces'), scenario.ages ?? []);
  const sessions = sessionsInKeyspace(drawSessions(new Random(seed).fork('sessions'), nodes, activeMs));
  return { ...scenario, keyspaces: MIXED_KEYSPACES, ages, clients, sessions, switches, steps };
}

/** Switches of some of the keyspaces. */
function drawMixedSwitches(random: Random, untilMs: number, nodes: number): readonly LevelSwitch[] {
  const names = [DEFAULT_KEYSPACE, ...MIXED_KEYSPACES.map(({ name }) => name)];
  const some = names.filter(() => random.chance(0.6));
  return some.length === 0 ? [] : drawKeyspaceSwitches(random, untilMs, nodes, some);
}

/** A flush is one write in each group. While keyspaces move, it is not known by which group each was flushed. */
function withoutFlushes(scenario: Scenario): Scenario {
  const clients = scenario.clients.map((plan) => ({
    ...plan,
    operations: plan.operations.filter(({ kind }) => kind !== 'flush'),
  }));
  return { ...scenario, clients, flushIsPending: false };
}

function planMs({ operations }: ClientPlan): number {
  return operations.reduce((sum, { waitMs }) => sum + waitMs, 0);
}

function drawnSwitches(
  seed: number,
  draw: Draw,
  level: Level,
  untilMs: number,
  nodes: number,
): readonly LevelSwitch[] {
  const random = new Random(seed).fork('switches');
  const isDrawn = pickOr(draw.switches, () => random.chance(0.3));
  const placed = (levels: readonly PlacedLevel[]) =>
    levels.map((one) => placedLevel(levelOf(one), draw.scheme ?? 'broadcast'));
  if (isDrawn === 'all') {
    const levels = level === 'causal' && random.chance(0.5) ? LEVELS_WITH_SESSIONS : PLACED_LEVELS;
    return drawSwitches(random, untilMs, nodes, draw.scheme === undefined ? levels : placed(levels));
  }
  return isDrawn && isOrdered(level) ? drawSwitches(random, untilMs, nodes, placed(ORDERED)) : [];
}

const LEVELS_WITH_SESSIONS: readonly Level[] = ['linearizability', 'causal'];

/** Draws in either case, so that a given value does not change what is drawn afterwards. */
function pickOr<T, U = T>(given: T | undefined, drawn: () => U): T | U {
  const value = drawn();
  return given ?? value;
}

function drawDelays(random: Random): Delays {
  const kind = random.below(4);
  if (kind === 0) return { kind: 'heavy', minMs: random.between(0.1, 0.5), alpha: random.between(0.9, 2) };
  return { kind: 'uniform', minMs: 0.1, maxMs: [0.2, 1, 10][kind - 1]! };
}

/** In most scenarios longer than any controller is away. */
function drawHorizon(random: Random): number {
  return random.chance(0.3) ? random.logBetween(150, 1_500) : Number.POSITIVE_INFINITY;
}

function drawWorkload(random: Random, nodes: number): Workload {
  const clients = nodes + random.below(5);
  // A few scenarios are small enough for every order to be tried.
  const operations = random.chance(0.1) ? 10 + random.below(12) : 40 + random.below(120);
  const activeMs = random.logBetween(300, 5_000);
  return {
    clients,
    operations,
    keys: 1 + random.below(4),
    pipeline: random.chance(0.6) ? 1 : 2 + random.below(3),
    actions: random.pick(MIXES),
    thinkMs: (2 * activeMs * clients) / operations,
    counting: 0.1,
  };
}

/** Clients are at work until some controllers have come and gone. */
function lasting(workload: Workload): Workload {
  const { clients, operations, thinkMs } = workload;
  return { ...workload, thinkMs: Math.max(thinkMs, (2 * JOINS_LAST_MS * clients) / operations) };
}

/** In virtual milliseconds. */
const JOINS_LAST_MS = 4_000;

function drawClients(random: Random, workload: Workload, nodes: number): ClientPlan[] {
  const plans = Array.from({ length: workload.clients }, (_, client) => ({
    node: client % nodes,
    pipeline: workload.pipeline,
    operations: [] as Operation[],
  }));
  for (let i = 1; i <= workload.operations; i++) {
    const counts = random.chance(workload.counting) && !workload.actions.includes('flush');
    const operation: Operation = {
      waitMs: random.between(0, workload.thinkMs),
      key: counts ? COUNTER : String.fromCharCode(97 + random.below(workload.keys)),
      kind: random.pick(workload.actions),
      value: i * INCREMENTS_MAX,
    };
    const whole = operation.kind === 'flush' ? { key: '' } : {};
    random.pick(plans).operations.push({ ...operation, ...(counts ? { kind: 'incr' } : whole) });
  }
  return plans;
}

function withExpiry(random: Random, clients: readonly ClientPlan[], nodes: number): ClientPlan[] {
  return [...clients.map((plan) => withLives(random, plan)), ...drawFleeting(random, nodes)];
}

/** Some reads ask for a level. @param level the weakest that the cluster has at any time: a stronger one is refused */
function withWeakReads(
  seed: number,
  { weakReads }: Draw,
  level: Level,
  clients: readonly ClientPlan[],
): readonly ClientPlan[] {
  const random = new Random(seed).fork('weak reads');
  const share = pickOr(weakReads, () => random.pick([0, 0.3, 0.6]));
  const weaker = LEVELS.slice(LEVELS.indexOf(level));
  if (share === 0) return clients;
  const withLevel = (operation: Operation): Operation => {
    const asks = random.chance(share) && operation.kind === 'get' && !isFleeting(operation.key);
    return asks ? { ...operation, level: random.pick(weaker) } : operation;
  };
  return clients.map((plan) => ({ ...plan, operations: plan.operations.map(withLevel) }));
}

function drawAgesOf(seed: number, { ages }: Draw, nodes: number, activeMs: number): readonly AgedPlan[] {
  const random = new Random(seed).fork('ages');
  return pickOr(ages, () => random.chance(0.5)) ? drawAges(random, nodes, activeMs) : [];
}

function drawRates(random: Random, onDisk: boolean): Partial<Record<FaultKind, number>> {
  const rates: Partial<Record<FaultKind, number>> = {};
  const share = random.pick([0, 0.15, 0.3, 0.5]);
  for (const [kind, factor] of kindsOf(onDisk)) {
    const rate = factor * random.logBetween(0.3, 4);
    if (random.chance(share)) rates[kind] = rate;
  }
  return rates;
}

function drawAllFaults(
  random: Random,
  rates: Readonly<Partial<Record<FaultKind, number>>>,
  untilMs: number,
  nodes: number,
): Fault[] {
  const storeNode = random.below(nodes);
  const clockNode = random.fork('clock').below(nodes);
  return FAULT_KINDS.flatMap((kind) => {
    const perSecond = rates[kind] ?? 0;
    if (perSecond === 0) return [];
    return drawFaults(random.fork(kind), kind, { perSecond, untilMs, nodes, storeNode, clockNode });
  }).sort((a, b) => a.atMs - b.atMs);
}

/** As many controllers as the others can do without, or fewer. @param needed so many have to be there */
function drawAbsence(random: Random, needed: number, nodes: number, durability: Durability): AbsentPeers {
  const first = random.below(nodes);
  const count = random.below(nodes - needed + 1);
  return {
    nodes: Array.from({ length: count }, (_, i) => (first + i) % nodes),
    by: drawReason(random, durability),
  };
}

function drawReason(random: Random, durability: Durability): AbsentPeers['by'] {
  if (durability === 'sync' && random.chance(0.5)) return 'blackout';
  if (durability !== 'none' && random.chance(0.3)) return 'full-disk';
  return random.pick(['kill', 'isolation', 'pause']);
}
