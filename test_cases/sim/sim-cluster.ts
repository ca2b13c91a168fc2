import type { DifferenceLimits } from '../../src/consistency/differences.ts';
import { isOrdered } from '../../src/consistency/policies.ts';
import { groupsWithEntries, shardGroups } from '../../src/controller/group-plan.ts';
import type { Settings } from '../../src/controller/settings.ts';
import type { Durability } from '../../src/journal/durability.ts';
import { compareBallots } from '../../src/membership/ballot.ts';
import { ROOT_GROUP } from '../../src/membership/peer-bus.ts';
import type { Member, View } from '../../src/membership/view.ts';
import { compareVersions } from '../../src/ordering/version.ts';
import { type Configuration, majorityOf, votersOf } from '../../src/placement/configuration.ts';
import type { Level } from '../../src/placement/level.ts';
import { SCHEMES } from '../../src/replication/schemes.ts';
import { haveVoters, mayStartEmpty } from './newest-views.ts';
import { forgetBeyond } from './node-journals.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { haveShards } from './served-shards.ts';
import { SimNetwork } from './sim-network.ts';
import { SimNode } from './sim-node.ts';
import { settingsFor } from './sim-settings.ts';
import { isExpired, isKeptWithout, isStillStored, keepsValue } from './stored-values.ts';
import type { Transcript } from './transcript.ts';
import { NotLive } from './violation.ts';

export interface SimOptions {
  readonly seed: number;
  readonly level: Level;
  readonly nodes?: number;
  readonly settings?: Partial<Settings>;
  /** The configuration to begin with; all controllers where it is not given. */
  readonly configured?: Configuration | undefined;
  /** What the exchanges of a causal controller may stage, in bytes; undefined for the bound of a real one. */
  readonly stagedBytesMax?: number | undefined;
}

/** A span of time whose answered writes may be lost. */
export interface Loss {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What is known of the memory of an ordered group. */
interface Memory {
  /** The newest view that was ever seen. */
  view: View | null;
  /** Whether no controller has its memory. */
  isForgotten: boolean;
  /** When that was so the last time. */
  forgottenMs: number;
}

const UNSEEN: Memory = { view: null, isForgotten: false, forgottenMs: Number.NEGATIVE_INFINITY };

/**
 * The peers of a controller that dies have what it answered in their queues until they form a view without it, and on
 * disk some time after that. That takes less than this time, in virtual milliseconds, whatever faults there are.
 */
const EPISODE_MS = 5_000;

/** The values of a simulation are so small that a real cluster would always write them whole. */
const SMALL_DIFFERENCES: DifferenceLimits = { baseBytesMin: 1, countMax: 6, overheadBytes: 0 };

/** All controllers must serve this long after all faults were healed, in virtual milliseconds. */
export const READY_WITHIN_MS = 20_000;

/**
 * A whole cluster in one process, on virtual time: the real cores, journals and pipelines on simulated links, clocks,
 * disks and stores. The same seed gives the same run.
 */
export class SimCluster {
  readonly level: Level;
  readonly durability: Durability;
  readonly scheduler = new Scheduler();
  readonly random: Random;
  readonly network: SimNetwork;
  readonly #nodes: SimNode[] = [];
  /** Controllers that were added, and were dropped again. They still run until all faults are healed. */
  readonly former: SimNode[] = [];
  readonly #options: SimOptions;
  /** How many controllers the cluster is formed with. Their ids are the first ones. */
  readonly founders: number;
  readonly #deaths: Loss[] = [];
  /** Spans of time whose answered writes may have been lost. */
  readonly losses: Loss[] = [];
  /** The same for convergent keyspaces, which lose what a controller had not told the others when it died. */
  readonly lossesAlone: Loss[] = [];
  /** Whether a controller may serve some keys before it has heard another one. */
  readonly servesAlone: boolean;
  /** Whether nothing goes wrong in this run except that controllers are asked to end. */
  isUndisturbed = false;
  /** Planned ends that went wrong although nothing hindered them, in words. */
  readonly mistakes: string[] = [];
  /** The groups of shards. */
  readonly #shards: readonly number[];
  /** What is known of the memory of each ordered group, by number; of one group where none is ordered. */
  readonly #memories = new Map<number, Memory>();
  /** How often the cluster went on after no controller had its memory. */
  resumptions = 0;
  #transcript: Transcript | null = null;

  constructor(options: SimOptions) {
    this.level = options.level;
    const levels = [options.level, ...(options.settings?.keyspaces ?? []).map(({ level }) => level)];
    const planned = groupsWithEntries(settingsFor(0, 1, options));
    const ordered = planned.filter(({ scheme }) => SCHEMES[scheme].isOrdered);
    for (const { number } of ordered.length === 0 ? planned.slice(0, 1) : ordered)
      this.#memories.set(number, { ...UNSEEN });
    this.servesAlone = levels.some((level) => !isOrdered(level));
    this.random = new Random(options.seed);
    const count = options.nodes ?? 3;
    this.#options = options;
    this.founders = count;
    this.network = new SimNetwork(this.scheduler, this.random.fork('network'), count);
    for (let id = 0; id < count; id++) this.#add(id, settingsFor(id, count, options), options.configured);
    this.#shards = shardGroups(settingsFor(0, count, options), null).map(({ number }) => number);
    this.durability = options.settings?.durability ?? 'none';
    this.scheduler.asynchronous = this.durability !== 'none';
  }

  /** The controllers of the cluster. The first ones are those that it was formed with, whose ids are their places. */
  get nodes(): readonly SimNode[] {
    return this.#nodes;
  }

  /** The controller, as long as it is one of the cluster. */
  nodeOf(id: number): SimNode | undefined {
    return this.#nodes.find((node) => node.id === id);
  }

  /** A machine that was added under this id starts for the first time. @param configuration what the others told it */
  admit(id: number, configuration: Configuration): SimNode {
    const { host, port } = configuration.controllers.find((one) => one.id === id)!;
    const settings = {
      ...settingsFor(id, this.founders, this.#options),
      added: { address: { host, port }, configuration },
    };
    const node = this.#add(id, settings, undefined);
    node.start();
    return node;
  }

  /** The controllers have agreed that this one is none of them any more. Nobody tells it. */
  drop(node: SimNode): void {
    this.#nodes.splice(this.#nodes.indexOf(node), 1);
    this.former.push(node);
  }

  #add(id: number, settings: Settings, configured: Configuration | undefined): SimNode {
    const node = new SimNode(id, settings, {
      scheduler: this.scheduler,
      network: this.network,
      random: this.random.fork(`node ${id}`),
      transcript: () => this.#transcript,
      onSettled: () => this.#onSettled((_, group) => node.journals.of(group) !== undefined),
      onView: (group, view) => this.#onView(group, view),
      onStartEmpty: (one) => this.#onStartEmpty(one),
      servesAlone: !isOrdered(this.#options.level),
      stagedBytesMax: this.#options.stagedBytesMax,
      differences: SMALL_DIFFERENCES,
      configured,
    });
    node.store.mayLose = (key) => this.mayLose(node, key);
    this.#nodes.push(node);
    return node;
  }

  /** Null at first: then nothing is written down. */
  get transcript(): Transcript | null {
    return this.#transcript;
  }

  set transcript(transcript: Transcript | null) {
    this.#transcript = transcript;
    this.network.transcript = transcript;
  }

  /** Whether the process may die: what it knows is on disk, or others know it. */
  mayKill(node: SimNode): boolean {
    return node.running && (this.durability !== 'none' || this.survivesWithout(node));
  }

  /** Whether the process may be asked to end. Where nothing is on disk, two that wait to end could wait for ever. */
  mayStop(node: SimNode): boolean {
    const isAlone = this.durability !== 'none' || !this.nodes.some(({ isStopping }) => isStopping);
    return isAlone && this.mayKill(node);
  }

  kill(...nodes: readonly SimNode[]): void {
    this.#lose(nodes, (node) => node.kill());
  }

  /** Makes a controller stand still again and again, until it dies. */
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

  /** Asks a controller to end, and starts it again `forMs` after it has ended. */
  stop(node: SimNode, forMs: number): void {
    const others = this.nodes.filter((other) => other !== node);
    const isWhole = this.nodes.every(({ ready }) => ready);
    node.stop(() => this.#onGone(node, isWhole ? others : [], forMs));
  }

  /** @param others the controllers that have to serve without it, unless something else has happened to them */
  #onGone(node: SimNode, others: readonly SimNode[], forMs: number): void {
    // The end waits as long as more than a minority would have lost its memory by it.
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
   * At an ordered level answered writes may be lost only when no controller has its memory any more. Then the writes
   * that were on their way from one controller to the others may be lost, too.
   */
  #lose(nodes: readonly SimNode[], end: (node: SimNode) => void): void {
    const toMs = this.scheduler.nowMs;
    this.#onSettled((memory, group) => this.nodes.some((node) => this.#knows(node, memory, group)));
    for (const node of nodes) {
      const death = { fromMs: node.durableUntilMs, toMs };
      if ([...this.#memories].some(([group, memory]) => this.#knows(node, memory, group)))
        this.#deaths.push(death);
      if (this.durability === 'async') this.lossesAlone.push(death);
      end(node);
    }
    const isForgotten = this.#forget();
    if (this.durability !== 'async') return;
    const recent = this.#deaths.filter((death) => death.toMs > toMs - EPISODE_MS);
    if (!isOrdered(this.level) || isForgotten) this.losses.push(...recent);
  }

  /** @returns whether no controller has the memory of some group any more, and one had it until now */
  #forget(): boolean {
    const lost = [...this.#memories].filter(([group, memory]) => {
      return !memory.isForgotten && !this.nodes.some((node) => this.#knows(node, memory, group));
    });
    const forgottenMs = this.scheduler.nowMs;
    for (const [, memory] of lost) Object.assign(memory, { isForgotten: true, forgottenMs });
    return lost.length > 0;
  }

  /**
   * At an ordered level nothing is lost when a controller starts empty, because others have all writes. Where a
   * controller answers alone, it loses what it wrote while it was cut off, also from before a restart if it has a
   * journal on disk.
   */
  #onStartEmpty(node: SimNode): void {
    if (isOrdered(this.level)) return this.#abandon(node);
    const hadMemory = node.knows || this.durability !== 'none';
    if (hadMemory) this.losses.push({ fromMs: Number.NEGATIVE_INFINITY, toMs: this.scheduler.nowMs });
  }

  /** It may have copied from a run that has ended, writes which that run has lost. */
  #abandon(node: SimNode): void {
    for (const group of this.#memories.keys()) {
      const others = this.nodes.filter((other) => other !== node);
      node.journals.of(group)?.abandon(others.flatMap(({ journals }) => journals.of(group) ?? []));
    }
  }

  /** Whether a controller knows all answered writes of a group: it has its memory, and is in the newest view. */
  #knows(node: SimNode, { view }: Memory, group: number): boolean {
    const isMember = view?.members.some((member) => {
      return member.node === node.id && member.incarnation === node.incarnation;
    });
    const { core, incarnation, servedShards } = node;
    const isShard = this.#shards.includes(group);
    const knows = isShard ? servedShards.has(core, incarnation, group) : node.knows;
    return knows && (isMember ?? true);
  }

  #onView(group: number, view: View): void {
    const memory = this.#memories.get(group);
    if (memory === undefined) this.#memories.set(group, { ...UNSEEN, view });
    else if (memory.view === null || compareBallots(view.ballot, memory.view.ballot) > 0) memory.view = view;
  }

  /** After no controller had the memory of a group, all go on from the longest state that was on a disk. */
  #onSettled(isKnown: (memory: Memory, group: number) => boolean): void {
    for (const [group, memory] of this.#memories) {
      if (!memory.isForgotten || !isKnown(memory, group)) continue;
      memory.isForgotten = false;
      this.resumptions++;
      if (!isOrdered(this.level) || this.durability !== 'async') continue;
      const ends = this.nodes.flatMap((node) => node.recoveredIn(group)?.watermarks.applied ?? []);
      // A group that no keyspace needs any more does not go on. What it had applied, others have taken over.
      if (ends.length === 0) continue;
      const longest = ends.reduce((a, b) => (compareVersions(a, b) >= 0 ? a : b));
      const isOld = (node: SimNode) => node.startedMs < memory.forgottenMs;
      // One that had only been left out of the view for a moment goes on from its memory.
      const areAllNew = !this.nodes.some((node) => isOld(node) && this.#knows(node, memory, group));
      forgetBeyond(this.nodes, group, longest, (node) => areAllNew && isOld(node));
    }
  }

  /**
   * A cluster with nothing on disk may count on this: at no time has more than a minority lost its memory, and every
   * value is still in some store.
   */
  survivesWithout(node: SimNode): boolean {
    const others = this.nodes.filter(
      (other) =>
        other !== node && other.settled && !other.isStopping && !mayStartEmpty(this.#memories, other),
    );
    if (others.length < majorityOf(this.voters)) return false;
    if (isOrdered(this.level) && !haveShards(this.nodes, others, this.#shards)) return false;
    const { voters } = this.#options.settings ?? {};
    if (voters !== undefined && others.filter(({ id }) => id < voters).length < majorityOf(voters))
      return false;
    if (!haveVoters(this.#views, others)) return false;
    const keys = new Set(others.flatMap((other) => other.liveKeys()));
    return [...keys].every(
      (key) => isExpired(key, others, this.scheduler.nowMs) || isKeptWithout(key, node, others),
    );
  }

  /** The newest view of each ordered group that has had one. */
  get #views(): readonly View[] {
    return [...this.#memories.values()].flatMap(({ view }) => view ?? []);
  }

  /** How many controllers vote, by the newest view of the root group. */
  get voters(): number {
    const configuration = this.#memories.get(ROOT_GROUP)?.view?.configuration ?? null;
    return configuration === null ? this.founders : votersOf(configuration).length;
  }

  /** Whether this store may lose the entry: another store has it, or the controller's own journal. */
  mayLose(node: SimNode, key: string): boolean {
    if (this.durability !== 'none') return true;
    const running = this.nodes.filter((other) => other.core !== null);
    return isStillStored(
      key,
      running,
      running.filter((other) => other !== node && keepsValue(other, key)),
    );
  }

  /** Starts all controllers, and runs until all are ready. */
  async start(): Promise<void> {
    for (const node of this.nodes) node.start();
    await this.runUntilReady();
  }

  run(forMs: number): Promise<void> {
    return this.scheduler.runUntil(this.scheduler.nowMs + forMs);
  }

  /** Ends in any case after so many virtual milliseconds. */
  async runUntilServing(nodes: readonly SimNode[], withinMs: number): Promise<void> {
    const untilMs = this.scheduler.nowMs + withinMs;
    while (nodes.some(({ serving }) => !serving) && this.scheduler.nowMs < untilMs) await this.run(20);
  }

  /** @throws when the cluster is not ready within the bound, in virtual milliseconds */
  async runUntilReady(withinMs = READY_WITHIN_MS): Promise<void> {
    const until = this.scheduler.nowMs + withinMs;
    while (this.nodes.some((node) => !node.ready)) {
      if (this.scheduler.nowMs >= until) {
        const reasons = this.nodes.map((node) => `${node.id}: ${whyNotReady(node)}`);
        throw new NotLive(`not ready after ${withinMs} ms: ${reasons.join('; ')}`);
      }
      await this.run(10);
    }
  }
}

function whyNotReady({ core, running }: SimNode): string {
  if (core === null) return running ? 'opening its disk' : 'not running';
  return core.notReadyBecause || core.peers.unavailableText || 'ready, but not every controller is a member';
}
