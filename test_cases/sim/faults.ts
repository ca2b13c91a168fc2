import type { Random } from './random.ts';
import type { SimCluster } from './sim-cluster.ts';
import { FLUSH_DELAY_MS } from './sim-file-system.ts';
import type { SimNode } from './sim-node.ts';

/**
 * One thing that goes wrong at one time and is healed after a while. All of it is fixed, so that it can be left out.
 */
export interface Fault {
  readonly kind: FaultKind;
  /** Virtual milliseconds after the clients have started. */
  readonly atMs: number;
  readonly forMs: number;
  readonly node: number;
  /** The other end, if the fault concerns a pair. */
  readonly peer: number;
  /** How much, in the unit that the kind of fault has. */
  readonly amount: number;
}

interface Kind {
  /** How long the fault lasts, in virtual milliseconds; left out where it is over at once. */
  readonly forMs?: readonly [min: number, max: number];
  /** Draws the amount. */
  readonly amount?: (random: Random) => number;
  /** Given for a fault that concerns data on disk, which is drawn only where there are any: a factor for its rate. */
  readonly onDisk?: number;
  /** False when the fault would take away what the cluster may count on: then the fault does not happen. */
  readonly may?: (cluster: SimCluster, node: SimNode) => boolean;
  readonly strike: (cluster: SimCluster, fault: Fault, node: SimNode) => void;
  readonly heal?: (cluster: SimCluster, fault: Fault, node: SimNode) => void;
}

/** Long enough for a controller that is not on probation to be taken back, in virtual milliseconds. */
const BURST_MS = 800;

const SHORT = [20, 800] as const;
const LONG = [50, 2_500] as const;

/** A factor for faults that strike all controllers: they are rarer, so that something is done in between. */
const WHOLE_CLUSTER = 0.25;

const KINDS = {
  /** The link breaks and is made again. */
  'link-break': { strike: ({ network }, { node, peer }) => network.break(node, peer) },
  /** The link breaks `amount` times in a row. */
  'link-flaps': {
    forMs: SHORT,
    amount: (random) => 2 + random.below(5),
    strike: ({ network, scheduler }, { node, peer, forMs, amount }) => {
      for (let i = 0; i < amount; i++) {
        scheduler.after((i * forMs) / amount, () => network.break(node, peer));
      }
    },
  },
  /** A second connection of the same pair takes the place of the first. */
  redial: { strike: ({ network }, { node, peer }) => network.redial(node, peer) },
  /** Two controllers have no link, and both learn of it. */
  cut: {
    forMs: LONG,
    strike: ({ network }, { node, peer }) => network.cut(node, peer),
    heal: ({ network }, { node, peer }) => network.heal(node, peer),
  },
  /** Nothing arrives in one direction, and neither end learns of it. */
  'one-way-cut': {
    forMs: LONG,
    strike: ({ network }, { node, peer }) => network.block(node, peer),
    heal: ({ network }, { node, peer }) => network.unblock(node, peer),
  },
  /** A controller hears no other (0), is heard by no other (1), or both (2); no end of a link learns of it. */
  isolation: {
    forMs: LONG,
    amount: (random) => random.below(3),
    strike: (cluster, fault) => setIsolated(cluster, fault, true),
    heal: (cluster, fault) => setIsolated(cluster, fault, false),
  },
  /** Messages in one direction take `amount` milliseconds longer. */
  'slow-link': {
    forMs: LONG,
    amount: (random) => random.between(5, 300),
    strike: ({ network }, { node, peer, amount }) => void network.extraMs.set(`${node}>${peer}`, amount),
    heal: ({ network }, { node, peer }) => void network.extraMs.delete(`${node}>${peer}`),
  },
  /** SIGKILL, and a start after a while. */
  kill: {
    forMs: LONG,
    may: (cluster, node) => cluster.mayKill(node),
    strike: (cluster, _, node) => cluster.kill(node),
    heal: (_, __, node) => startAgain(node),
  },
  /** SIGSTOP, SIGCONT. */
  pause: {
    forMs: LONG,
    may: (_, node) => node.running && !node.paused,
    strike: (_, __, node) => node.pause(),
    heal: (_, __, node) => node.resume(),
  },
  'store-gone': {
    forMs: SHORT,
    strike: (_, __, node) => node.store.setMode('down'),
    heal: (_, __, node) => node.store.setMode('up'),
  },
  'store-hangs': {
    forMs: LONG,
    strike: (_, __, node) => node.store.setMode('hanging'),
    heal: (_, __, node) => node.store.setMode('up'),
  },
  /** Operations take up to `amount` milliseconds. */
  'store-slow': {
    forMs: LONG,
    amount: (random) => random.between(2, 60),
    strike: (_, { amount }, node) => {
      node.store.delayMs = [0.05, amount];
    },
    heal: (_, __, node) => {
      node.store.delayMs = STORE_DELAY_MS;
    },
  },
  /** The memcached is restarted empty, or flushed from outside. */
  'store-emptied': {
    may: (_, { store }) => [...store.items.keys()].every((key) => store.mayLose(key)),
    strike: (_, __, node) => node.store.empty(),
  },
  /** Each operation makes the store evict another entry, with this chance. */
  'store-evicts': {
    forMs: LONG,
    amount: (random) => random.between(0.02, 0.5),
    strike: (_, { amount }, node) => {
      node.store.evictionChance = amount;
    },
    heal: (_, __, node) => {
      node.store.evictionChance = 0;
    },
  },
  /** Saves take up to `amount` milliseconds. */
  'disk-slow': {
    forMs: LONG,
    amount: (random) => random.between(20, 500),
    strike: (_, { amount }, node) => {
      node.disk.delayMs = [1, amount];
      node.files.delayMs = [1, amount];
    },
    heal: (_, __, node) => quicken(node),
  },
  /** The wall clock is off by `amount` milliseconds: two nodes stay within `max_clock_skew` of each other. */
  'clock-step': {
    amount: (random) => random.between(-4_000, 4_000),
    strike: (_, { amount }, node) => {
      node.clock.skewMs = amount;
    },
  },
  /** The wall clock is hours behind, for a while. */
  'clock-leap-back': {
    forMs: LONG,
    may: mayLeap,
    amount: (random) => -random.between(0.1, 3) * 3_600_000,
    strike: (_, { amount }, node) => {
      node.clock.skewMs = amount;
    },
    heal: (_, __, node) => {
      node.clock.skewMs = 0;
    },
  },
  /** The wall clock is hours ahead, for a while. */
  'clock-leap-ahead': {
    forMs: LONG,
    may: mayLeap,
    amount: (random) => random.between(0.1, 3) * 3_600_000,
    strike: (_, { amount }, node) => {
      node.clock.skewMs = amount;
    },
    heal: (_, __, node) => {
      node.clock.skewMs = 0;
    },
  },
  /** All controllers get SIGKILL at once. */
  'kill-all': {
    forMs: LONG,
    onDisk: WHOLE_CLUSTER,
    strike: (cluster) => cluster.kill(...cluster.nodes),
    heal: ({ nodes }) => nodes.forEach(startAgain),
  },
  /** A machine goes off, and its memcached with it. */
  'power-loss': {
    forMs: LONG,
    onDisk: 1,
    strike: (cluster, _, node) => cluster.losePower(node),
    heal: (_, __, node) => startAgain(node),
  },
  /** All machines go off at once. */
  blackout: {
    forMs: LONG,
    onDisk: WHOLE_CLUSTER,
    strike: (cluster) => cluster.losePower(...cluster.nodes),
    heal: ({ nodes }) => nodes.forEach(startAgain),
  },
  /** Writes and flushes fail. */
  'disk-full': {
    forMs: LONG,
    onDisk: 1,
    strike: (_, __, { files }) => files.setFull(true),
    heal: (_, __, { files }) => files.setFull(false),
  },
  /** A process runs for `BURST_MS` and then stands still for `amount` milliseconds, again and again. */
  bursts: {
    forMs: [500, 8_000],
    amount: (random) => random.between(50, 900),
    strike: (cluster, { amount, forMs }, node) => cluster.runInBursts(node, BURST_MS, amount, forMs),
  },
  /** SIGTERM, and a start some time after it has ended. */
  stop: {
    forMs: LONG,
    may: (cluster, node) => cluster.mayStop(node),
    strike: (cluster, { forMs }, node) => cluster.stop(node, forMs),
  },
} satisfies Record<string, Kind>;

export type FaultKind = keyof typeof KINDS;

export const FAULT_KINDS = Object.keys(KINDS) as FaultKind[];

/** The kinds of faults that can be drawn, each with a factor for its rate. @param onDisk whether data are on disk */
export function kindsOf(onDisk: boolean): [kind: FaultKind, factor: number][] {
  return FAULT_KINDS.filter((kind) => onDisk || !('onDisk' in KINDS[kind])).map((kind) => {
    const { onDisk: factor = 1 }: Kind = KINDS[kind];
    return [kind, factor];
  });
}

/**
 * The kinds that make a store lose values. They strike one machine of a scenario only: a value that all stores have
 * lost is lost.
 */
export const LOSSY_KINDS: readonly FaultKind[] = FAULT_KINDS.filter((kind) => kind.startsWith('store-'));

/**
 * The kinds that make a wall clock wrong by any amount. They strike one machine only: of three clocks, one may be
 * wrong.
 */
const LEAPING_KINDS: readonly FaultKind[] = FAULT_KINDS.filter((kind) => kind.startsWith('clock-leap-'));

/**
 * A controller that serves alone before it knows cluster time has only its own clock. That clock must be right then.
 * And of fewer than three voters no clock may be wrong.
 */
function mayLeap({ servesAlone, nodes, voters }: SimCluster, { core }: SimNode): boolean {
  const isChanging = nodes.some(({ core: one }) => one?.groups.views.isReconfiguring === true);
  const haveMedian = voters >= CLOCKS_MIN && !isChanging;
  return haveMedian && (!servesAlone || core?.time.cluster.isAgreed === true);
}

/** Whether a change may leave so few voters now: the clock of one of them may be wrong. */
export function mayHaveVoters({ nodes }: SimCluster, voters: number): boolean {
  return voters >= CLOCKS_MIN || nodes.every(({ clock }) => Math.abs(clock.skewMs) < LEAP_MS_MIN);
}

/** Of so many clocks one may be wrong. */
const CLOCKS_MIN = 3;
/** Less than the shortest leap, and more than the longest step. */
const LEAP_MS_MIN = 10_000;

const STORE_DELAY_MS = [0.05, 0.3] as const;
const DISK_DELAY_MS = [0.05, 2] as const;

/** Draws faults of one kind, which come at random, with a mean number a second. */
export function drawFaults(
  random: Random,
  kind: FaultKind,
  options: {
    readonly perSecond: number;
    readonly untilMs: number;
    readonly nodes: number;
    readonly storeNode: number;
    readonly clockNode: number;
  },
): Fault[] {
  const { forMs, amount }: Kind = KINDS[kind];
  const faults: Fault[] = [];
  const { perSecond, untilMs, nodes, storeNode, clockNode } = options;
  for (let atMs = random.exponential(1_000 / perSecond); atMs < untilMs; ) {
    const drawn = random.below(nodes);
    const node = LOSSY_KINDS.includes(kind) ? storeNode : LEAPING_KINDS.includes(kind) ? clockNode : drawn;
    faults.push({
      kind,
      atMs: Math.round(atMs),
      forMs: forMs === undefined ? 0 : Math.round(random.logBetween(...forMs)),
      node,
      peer: (node + 1 + random.below(nodes - 1)) % nodes,
      amount: amount === undefined ? 0 : amount(random),
    });
    atMs += random.exponential(1_000 / perSecond);
  }
  return faults;
}

/** Carries faults out, and heals them, each at its time. */
export class FaultInjector {
  readonly #cluster: SimCluster;
  /** How often each kind struck. */
  readonly struck = new Map<FaultKind, number>();

  constructor(cluster: SimCluster, faults: readonly Fault[]) {
    this.#cluster = cluster;
    for (const fault of faults) cluster.scheduler.after(fault.atMs, () => this.#strike(fault));
  }

  #strike(fault: Fault): void {
    const cluster = this.#cluster;
    const kind: Kind = KINDS[fault.kind];
    const node = cluster.nodeOf(fault.node);
    // A controller that comes later may not be there yet, or no more.
    if (node === undefined || cluster.nodeOf(fault.peer) === undefined) return;
    if (kind.may?.(cluster, node) === false) return;
    this.struck.set(fault.kind, (this.struck.get(fault.kind) ?? 0) + 1);
    cluster.transcript?.line(null, `fault: ${describeFault(fault)}`);
    kind.strike(cluster, fault, node);
    if (kind.heal === undefined) return;
    cluster.scheduler.after(fault.forMs, () => {
      cluster.transcript?.line(null, `healed: ${describeFault(fault)}`);
      kind.heal!(cluster, fault, node);
    });
  }
}

export function describeFault({ kind, atMs, forMs, node, peer, amount }: Fault): string {
  const { forMs: lasts, amount: some }: Kind = KINDS[kind];
  const parts = [`${kind} n${node}`];
  if (PAIRS.includes(kind)) parts.push(`n${peer}`);
  if (some !== undefined) parts.push(`by ${amount.toFixed(2)}`);
  parts.push(`at ${atMs}`);
  if (lasts !== undefined) parts.push(`for ${forMs} ms`);
  return parts.join(' ');
}

const PAIRS: readonly FaultKind[] = ['link-break', 'link-flaps', 'redial', 'cut', 'one-way-cut', 'slow-link'];

function setIsolated({ network, nodes }: SimCluster, { node, amount }: Fault, isolated: boolean): void {
  for (const { id } of nodes) {
    if (id === node) continue;
    const ways = [...(amount === 1 ? [] : [[id, node]]), ...(amount === 0 ? [] : [[node, id]])];
    for (const [from, to] of ways) {
      if (isolated) network.block(from!, to!);
      else network.unblock(from!, to!);
    }
  }
}

/** Ends all faults. Controllers that were killed are started. */
export function healAll(cluster: SimCluster): void {
  cluster.network.healAll();
  // A network is not healed while a message may take longer than the time after which a peer is suspected.
  cluster.network.delays = { kind: 'uniform', minMs: 0.1, maxMs: 1 };
  for (const node of cluster.former) if (node.running) node.kill();
  for (const node of cluster.nodes) {
    node.store.setMode('up');
    node.store.delayMs = STORE_DELAY_MS;
    node.store.evictionChance = 0;
    node.files.setFull(false);
    quicken(node);
    node.clock.skewMs = 0;
    node.resume();
    startAgain(node);
  }
}

function startAgain(node: SimNode): void {
  if (!node.running) node.start();
}

function quicken({ disk, files }: SimNode): void {
  disk.delayMs = DISK_DELAY_MS;
  files.delayMs = FLUSH_DELAY_MS;
}
