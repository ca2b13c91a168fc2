import type { Settings } from '../../src/controller/settings.ts';
import type { Durability } from '../../src/journal/durability.ts';
import { compareBallots } from '../../src/membership/ballot.ts';
import type { Member, View } from '../../src/membership/view.ts';
import { compareVersions, sameVersion, type Version } from '../../src/ordering/version.ts';
import type { Level } from '../../src/placement/level.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { SimNetwork } from './sim-network.ts';
import { SimNode } from './sim-node.ts';
import type { Transcript } from './transcript.ts';
import { NotLive } from './violation.ts';

export interface SimOptions {
  readonly seed: number;
  readonly level: Level;
  readonly nodes?: number;
  readonly settings?: Partial<Settings>;
}

/** A time within which what was answered may be lost. */
export interface Loss {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * What a controller that dies has answered, its peers have in their queues until they form a view without it, and on
 * disk some time after that: in virtual milliseconds, longer than that takes while the worst goes on.
 */
const EPISODE_MS = 5_000;

/** All must be serving this long after everything was healed, in virtual milliseconds. */
export const READY_WITHIN_MS = 20_000;

/**
 * A whole cluster in one process, on virtual time: the real cores, journals and sessions on simulated links,
 * clocks, disks and stores. The same seed gives the same run.
 */
export class SimCluster {
  readonly level: Level;
  readonly durability: Durability;
  readonly scheduler = new Scheduler();
  readonly random: Random;
  readonly network: SimNetwork;
  readonly nodes: readonly SimNode[];
  readonly #deaths: Loss[] = [];
  /** Times at which answered writes may have been lost. */
  readonly losses: Loss[] = [];
  /** Nothing goes wrong in this run but that controllers are asked to end. */
  isUndisturbed = false;
  /** What went wrong with planned ends although nothing hindered it, in words. */
  readonly mistakes: string[] = [];
  /** No controller has its memory. */
  #isForgotten = false;
  /** How often the cluster went on when none of its controllers had its memory. */
  resumptions = 0;
  /** The newest that was ever seen. */
  #view: View | null = null;
  #transcript: Transcript | null = null;

  constructor(options: SimOptions) {
    this.level = options.level;
    this.random = new Random(options.seed);
    const count = options.nodes ?? 3;
    const { scheduler } = this;
    this.network = new SimNetwork(scheduler, this.random.fork('network'), count);
    this.nodes = Array.from(
      { length: count },
      (_, id) =>
        new SimNode(id, settingsFor(id, count, options), {
          scheduler,
          network: this.network,
          random: this.random.fork(`node ${id}`),
          transcript: () => this.#transcript,
          onSettled: () => this.#onSettled(),
          onStartAnew: (node) => this.#onStartAnew(node),
        }),
    );
    for (const node of this.nodes) node.store.mayLose = (key) => this.mayLose(node, key);
    this.durability = options.settings?.durability ?? 'none';
    this.scheduler.asynchronous = this.durability !== 'none';
  }

  /** Null, as it is at first: nothing is written down. */
  get transcript(): Transcript | null {
    return this.#transcript;
  }

  set transcript(transcript: Transcript | null) {
    this.#transcript = transcript;
    this.network.transcript = transcript;
  }

  /** The process may die: what it knows is on disk, or others know it. */
  mayKill(node: SimNode): boolean {
    return node.running && (this.durability !== 'none' || this.survivesWithout(node));
  }

  /** The same goes for when it will end: where nothing is on disk, two that wait to end could wait for ever. */
  mayStop(node: SimNode): boolean {
    const isAlone = this.durability !== 'none' || !this.nodes.some(({ isStopping }) => isStopping);
    return isAlone && this.mayKill(node);
  }

  kill(...nodes: readonly SimNode[]): void {
    this.#lose(nodes, (node) => node.kill());
  }

  /** Has a controller stand still again and again, unless it dies. */
  runInBursts(node: SimNode, onMs: number, offMs: number, forMs: number): void {
    const { incarnation } = node;
    const untilMs = this.scheduler.nowMs + forMs;
    const isOver = () => node.incarnation !== incarnation || this.scheduler.nowMs >= untilMs;
    const stand = (): void => {
      if (isOver()) return;
      node.pause();
      this.scheduler.after(offMs, () => {
        if (node.incarnation !== incarnation) return;
        node.resume();
        if (!isOver()) this.scheduler.after(onMs, stand);
      });
    };
    stand();
  }

  /** Asks a controller to end, and starts it again so long after it has. */
  stop(node: SimNode, forMs: number): void {
    const others = this.nodes.filter((other) => other !== node);
    const isWhole = this.nodes.every(({ ready }) => ready);
    node.stop(() => this.#onGone(node, isWhole ? others : [], forMs));
  }

  /** @param others those that have to serve without it, unless something else has happened to them */
  #onGone(node: SimNode, others: readonly SimNode[], forMs: number): void {
    // It ends later than it would, where more than a minority would have lost its memory.
    if (!this.mayKill(node)) {
      const { incarnation } = node;
      const again = () => node.incarnation === incarnation && this.#onGone(node, others, forMs);
      return this.scheduler.after(10, again);
    }
    const isKnown = (member: Member) => member.node === node.id && member.incarnation === node.incarnation;
    if (this.isUndisturbed && others.every((other) => other.serving && !other.isStopping)) {
      for (const { id, core } of others) {
        if (core?.view?.members.some(isKnown))
          this.mistakes.push(`n${node.id} ended as a member, for n${id}`);
      }
    }
    this.#lose([node], () => node.end());
    this.scheduler.after(forMs, () => {
      if (!node.running) node.start();
    });
  }

  losePower(...nodes: readonly SimNode[]): void {
    this.#lose(nodes, (node) => node.losePower());
  }

  /**
   * At an ordered level something may be lost only when nobody has its memory any more: then what was under way
   * from one to the others, too.
   */
  #lose(nodes: readonly SimNode[], end: (node: SimNode) => void): void {
    const toMs = this.scheduler.nowMs;
    const isKnown = () => this.nodes.some((node) => this.#knows(node));
    if (isKnown()) this.#onSettled();
    for (const node of nodes) {
      if (this.#knows(node)) this.#deaths.push({ fromMs: node.keptUntilMs, toMs });
      end(node);
    }
    const wasForgotten = this.#isForgotten;
    this.#isForgotten ||= !isKnown();
    if (this.durability !== 'async') return;
    const recent = this.#deaths.filter((death) => death.toMs > toMs - EPISODE_MS);
    if (this.level === 'eventual' || this.#isForgotten !== wasForgotten) this.losses.push(...recent);
  }

  /**
   * At an ordered level nothing is lost by that: others have it all. Where a controller answers alone, what it wrote while
   * it was cut off for so long is, with a journal on disk also when it was restarted in that time.
   */
  #onStartAnew(node: SimNode): void {
    const hadMemory = node.knows || this.durability !== 'none';
    if (this.level === 'eventual' && hadMemory)
      this.losses.push({ fromMs: Number.NEGATIVE_INFINITY, toMs: this.scheduler.nowMs });
  }

  /** It knows all that was answered: it has its memory, and was not left out of the newest view. */
  #knows(node: SimNode): boolean {
    for (const { core } of this.nodes) {
      const view = core?.view ?? null;
      if (view !== null && (!this.#view || compareBallots(view.ballot, this.#view.ballot) > 0))
        this.#view = view;
    }
    const isMember = this.#view?.members.some((member) => {
      return member.node === node.id && member.incarnation === node.incarnation;
    });
    return node.knows && (isMember ?? true);
  }

  /** When nobody had its memory, all go on from the longest state that was on a disk. */
  #onSettled(): void {
    if (!this.#isForgotten) return;
    this.#isForgotten = false;
    this.resumptions++;
    if (this.level === 'eventual' || this.durability !== 'async') return;
    const longest = this.nodes
      .map(({ recovered }): Version => recovered.marks.applied)
      .reduce((a, b) => (compareVersions(a, b) >= 0 ? a : b));
    for (const { journal } of this.nodes) journal.forgetBeyond(longest);
  }

  /**
   * What a cluster may count on, where nothing is on disk: at no time has more than a minority lost its memory, and every value is left
   * in some store.
   */
  survivesWithout(node: SimNode): boolean {
    const others = this.nodes.filter((other) => other !== node && other.settled && !other.isStopping);
    if (others.length < Math.floor(this.nodes.length / 2) + 1) return false;
    const keys = new Set(others.flatMap((other) => [...other.journal.liveKeys()]));
    return [...keys].every((key) => isKept(key, others, others));
  }

  /** The entry may be lost at this node's store: another has it, or the node's own journal. */
  mayLose(node: SimNode, key: string): boolean {
    if (this.durability !== 'none') return true;
    const running = this.nodes.filter((other) => other.core !== null);
    return isKept(
      key,
      running,
      running.filter((other) => other !== node),
    );
  }

  /** Starts all, and runs until all are ready. */
  async start(): Promise<void> {
    for (const node of this.nodes) node.start();
    await this.runUntilReady();
  }

  run(forMs: number): Promise<void> {
    return this.scheduler.runUntil(this.scheduler.nowMs + forMs);
  }

  /** @throws when the cluster is not ready within the bound, in virtual milliseconds */
  async runUntilReady(withinMs = READY_WITHIN_MS): Promise<void> {
    const until = this.scheduler.nowMs + withinMs;
    while (this.nodes.some((node) => !node.ready)) {
      if (this.scheduler.nowMs >= until) {
        const reasons = this.nodes.map((node) => {
          if (node.core === null) return `${node.id}: ${node.running ? 'opening its disk' : 'not running'}`;
          return `${node.id}: ${node.core.notReadyBecause || node.core.peers.missing || 'ready, but not every controller is a member'}`;
        });
        throw new NotLive(`not ready after ${withinMs} ms: ${reasons.join('; ')}`);
      }
      await this.run(10);
    }
  }
}

/**
 * What these know to be there, at least one of those stores has; and its controller knows it, too: one that was
 * restarted without its memory overwrites what it finds there (seed 937).
 */
function isKept(key: string, knowing: readonly SimNode[], having: readonly SimNode[]): boolean {
  return knowing.every(({ journal }) => {
    const record = journal.newest(key);
    if (record === undefined || record.tombstone) return true;
    const { version } = record;
    return having.some(({ journal: own, store }) => {
      const known = own.newest(key);
      return known !== undefined && sameVersion(known.version, version) && store.holds(key, version);
    });
  });
}

function settingsFor(self: number, nodes: number, { level, settings }: SimOptions): Settings {
  return {
    cluster: 'sim',
    self,
    secretFile: '',
    peers: Array.from({ length: nodes }, (_, id) => ({ host: 'sim', port: id })),
    level,
    heartbeatMs: 100,
    threshold: 3,
    form: false,
    leaseMs: 300,
    dataDir: settings?.durability === undefined || settings.durability === 'none' ? '' : '/data',
    durability: 'none',
    requestTimeoutMs: 1_000,
    syncIntervalMs: 1_000,
    tombstoneHorizonMs: Number.POSITIVE_INFINITY,
    maxClockSkewMs: 10_000,
    storeType: 'custom',
    storeAddress: { host: '', port: 0 },
    storeTimeoutMs: 500,
    storeBytesMax: 1_000_000,
    hotBytesMax: 0,
    itemBytesMax: 1_048_576,
    connectionsMax: 100,
    pipelineMax: 100,
    queueBytesMax: 10_000_000,
    clientBytesMax: 100_000_000,
    idleTimeoutMs: 0,
    shutdownCommand: false,
    logFile: '-',
    logFormat: 'text',
    logSizeMax: 10_485_760,
    logFilesMax: 3,
    logLevel: 'error',
    ...settings,
  };
}
