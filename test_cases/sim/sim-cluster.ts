import type { Level } from '../../src/consistency/level.ts';
import type { Settings } from '../../src/controller/settings.ts';
import { sameVersion } from '../../src/ordering/version.ts';
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

/** All must be serving this long after everything was healed, in virtual milliseconds. */
export const READY_WITHIN_MS = 20_000;

/**
 * A whole cluster in one process, on virtual time: the real cores, journals and sessions on simulated links,
 * clocks, disks and stores. The same seed gives the same run.
 */
export class SimCluster {
  readonly level: Level;
  readonly scheduler = new Scheduler();
  readonly random: Random;
  readonly network: SimNetwork;
  readonly nodes: readonly SimNode[];
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
        }),
    );
    for (const node of this.nodes) node.store.mayLose = (key) => this.mayLose(node, key);
  }

  /** Null, as it is at first: nothing is written down. */
  get transcript(): Transcript | null {
    return this.#transcript;
  }

  set transcript(transcript: Transcript | null) {
    this.#transcript = transcript;
    this.network.transcript = transcript;
  }

  /**
   * What a cluster may count on: at no time has more than a minority lost its memory, and every value is left
   * in some store.
   */
  survivesWithout(node: SimNode): boolean {
    const others = this.nodes.filter((other) => other !== node && other.settled);
    if (others.length < Math.floor(this.nodes.length / 2) + 1) return false;
    const keys = new Set(others.flatMap((other) => [...other.journal.liveKeys()]));
    return [...keys].every((key) => isKept(key, others, others));
  }

  /** The entry may be lost at this node's store: another has it. */
  mayLose(node: SimNode, key: string): boolean {
    const running = this.nodes.filter((other) => other.core !== null);
    return isKept(
      key,
      running,
      running.filter((other) => other !== node),
    );
  }

  /** Starts all, and runs until all are ready. */
  start(): void {
    for (const node of this.nodes) node.start();
    this.runUntilReady();
  }

  run(forMs: number): void {
    this.scheduler.runUntil(this.scheduler.nowMs + forMs);
  }

  /** @throws when the cluster is not ready within the bound, in virtual milliseconds */
  runUntilReady(withinMs = READY_WITHIN_MS): void {
    const until = this.scheduler.nowMs + withinMs;
    while (this.nodes.some((node) => !node.ready)) {
      if (this.scheduler.nowMs >= until) {
        const reasons = this.nodes.map((node) => {
          if (node.core === null) return `${node.id}: not running`;
          return `${node.id}: ${node.core.notReadyBecause || node.core.peers.missing || 'ready, but not every controller is a member'}`;
        });
        throw new NotLive(`not ready after ${withinMs} ms: ${reasons.join('; ')}`);
      }
      this.run(10);
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
    peers: Array.from({ length: nodes }, (_, id) => ({ host: 'sim', port: id })),
    level,
    heartbeatMs: 100,
    threshold: 3,
    form: false,
    leaseMs: 300,
    dataDir: '',
    durability: 'none',
    requestTimeoutMs: 1_000,
    syncIntervalMs: 1_000,
    maxClockSkewMs: 10_000,
    storeType: 'custom',
    storeAddress: { host: '', port: 0 },
    storeTimeoutMs: 500,
    storeBytesMax: 1_000_000,
    itemBytesMax: 1_048_576,
    connectionsMax: 100,
    pipelineMax: 100,
    queueBytesMax: 10_000_000,
    clientBytesMax: 100_000_000,
    idleTimeoutMs: 0,
    shutdownCommand: false,
    logFile: '-',
    logLevel: 'error',
    ...settings,
  };
}
