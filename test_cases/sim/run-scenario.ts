import { findDifference } from '../../src/checkers/convergence.ts';
import type { Action } from '../../src/checkers/history.ts';
import type { SessionHistory } from '../../src/checkers/session-history.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import type { Level } from '../../src/placement/level.ts';
import { SEEN_FOR_SEC } from '../../src/store/hot-entries.ts';
import { INCREMENTS_MAX } from '../checkers/invented.ts';
import { isFleeting, LASTING_SECONDS } from './expiry.ts';
import { FaultInjector, type FaultKind, healAll } from './faults.ts';
import { judgeScenario, keepsSessionsIn, keyspaceChanges } from './judge-keyspaces.ts';
import { judgedLevel, PlacementWatch } from './level-switches.ts';
import { MemberSteps } from './member-steps.ts';
import type { Outcome } from './outcome.ts';
import { type Connection, type Fate, Recorder } from './recorder.ts';
import { COUNTER, type Scenario } from './scenario.ts';
import { spreadBy } from './scenario-shards.ts';
import { AgedClient, AgesRecorder } from './sim-ages.ts';
import { SimClient } from './sim-clients.ts';
import { READY_WITHIN_MS, SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';
import { SessionRecorder, SimSession } from './sim-sessions.ts';
import { TimeWatch } from './time-watch.ts';
import { Transcript } from './transcript.ts';
import { unfilledFor, untilResharded } from './until-quiet.ts';
import { VIEWS_AT_START, VIEWS_MORE_MAX, VIEWS_PER_BURSTS_MAX, VIEWS_PER_MOVE } from './view-bounds.ts';
import { ViewWatch } from './view-watch.ts';
import { NotLive, type Violation, violationOf } from './violation.ts';

/**
 * The bound on hot entries in every other scenario, in bytes. The other scenarios have none, so that the stores are
 * read.
 */
const HOT_BYTES_MAX = 4_000;

/**
 * The bound on what exchanges may stage in every other scenario, in bytes: most of their exchanges are shown in parts.
 */
const STAGED_BYTES_MAX = 50;

const REQUEST_TIMEOUT_MS = 1_000;

/** After this time a write is on every disk without a fault, in virtual milliseconds. */
const DURABLE_WITHIN_MS = 200;

/** A quorum must serve this long after the last fault was healed, in virtual milliseconds. */
const SERVES_WITHIN_MS = 10_000;

/**
 * How long peers may take to exchange what they have once all are ready, in virtual milliseconds: a few sync intervals.
 */
const SETTLE_MS = 4_000;

/** All clients must have ended this long after all faults were healed, in virtual milliseconds. */
const DONE_WITHIN_MS = 60_000;

/**
 * Runs a scenario from its beginning to the verdict. The same scenario gives the same run, byte for byte.
 *
 * @param leaveOut types of messages that the transcript leaves out; null for no transcript
 */
export function runScenario(
  scenario: Scenario,
  leaveOut: readonly PeerMessage['type'][] | null = null,
): Promise<Outcome> {
  return new Run(scenario, leaveOut).run();
}

/** What became of a request, for a caller that waits for it. */
interface Seen {
  readonly fate: Fate;
  readonly value: string | null;
}

class Run {
  readonly #scenario: Scenario;
  readonly #cluster: SimCluster;
  readonly #judgedLevel: Level;
  readonly #recorder: Recorder;
  readonly #sessions = new SessionRecorder();
  readonly #ages = new AgesRecorder();
  readonly #violations: Violation[] = [];
  readonly #times: TimeWatch;
  readonly #views = new ViewWatch();
  readonly #placements = new PlacementWatch();
  #faults: ReadonlyMap<FaultKind, number> = new Map();
  #undecided = 0;
  #searched = false;
  #probes = PROBES_FROM;

  constructor(scenario: Scenario, leaveOut: readonly PeerMessage['type'][] | null) {
    this.#scenario = scenario;
    const { seed, level, durability, nodes, delays, horizonMs } = scenario;
    const { scheme = 'broadcast', keyspaces = [], switches = [], shards } = scenario;
    this.#judgedLevel = keyspaces.length > 0 ? level : judgedLevel(level, switches);
    this.#cluster = new SimCluster({
      seed,
      level: this.#judgedLevel,
      nodes,
      stagedBytesMax: seed % 2 === 0 ? STAGED_BYTES_MAX : undefined,
      settings: {
        level,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        durability,
        scheme,
        keyspaces,
        ...spreadBy(shards),
        tombstoneHorizonMs: horizonMs,
        hotBytesMax: seed % 2 === 0 ? 0 : HOT_BYTES_MAX,
      },
    });
    this.#cluster.isUndisturbed =
      delays.kind === 'uniform' && scenario.faults.every(({ kind }) => kind === 'stop');
    if (leaveOut !== null)
      this.#cluster.transcript = new Transcript(this.#cluster.scheduler, { leaveOut, arrivals: true });
    this.#recorder = new Recorder(this.#cluster, REQUEST_TIMEOUT_MS);
    this.#watchViews();
    this.#times = new TimeWatch(this.#cluster);
  }

  async run(): Promise<Outcome> {
    // Promises come in another order where a module is still being evaluated, as in a script that replays one run.
    await new Promise((resolve) => setImmediate(resolve));
    // An error in a promise that no code waits for ends the run, as it ends a controller.
    const onRejection = (error: unknown) => this.#cluster.scheduler.fail(error);
    process.on('unhandledRejection', onRejection);
    try {
      await this.#play();
    } catch (error) {
      this.#violations.push(violationOf(error as Error));
    } finally {
      process.removeListener('unhandledRejection', onRejection);
    }
    for (const { kind, text } of this.#violations)
      this.#cluster.transcript?.line(null, `VIOLATION: ${kind}: ${text}`);
    return {
      seed: this.#scenario.seed,
      violations: this.#violations,
      operations: this.#recorder.history.length,
      failures: this.#recorder.failures,
      undecided: this.#undecided,
      searched: this.#searched,
      faults: this.#faults,
      views: this.#views.all,
      recoveries: this.#cluster.nodes.reduce((sum, { recoveries }) => sum + recoveries, 0),
      resumptions: this.#cluster.resumptions,
      emptyStarts: this.#cluster.nodes.reduce((sum, { emptyStarts }) => sum + emptyStarts, 0),
      virtualMs: this.#cluster.scheduler.nowMs,
      transcript: this.#cluster.transcript,
    };
  }

  async #play(): Promise<void> {
    const cluster = this.#cluster;
    const { clients, faults, delays, sessions: hopping = [], ages: bounded = [] } = this.#scenario;
    // The start has no long delays: with delays that make peers suspect each other, it might take for ever.
    if (delays.kind === 'uniform') cluster.network.delays = delays;
    await cluster.start();
    cluster.network.delays = delays;
    await this.#askUntilAnswered(cluster.nodes[0]!, COUNTER, { kind: 'set', value: '0' });
    if (this.#scenario.flushIsPending === true) this.#announceFlush();
    if (cluster.durability === 'async') await cluster.run(DURABLE_WITHIN_MS);
    const running = clients.map((plan) => new SimClient(cluster, this.#recorder, plan));
    const sessions = hopping.map((plan) => new SimSession(cluster, this.#sessions, plan));
    const ages = bounded.map((plan) => new AgedClient(cluster, this.#ages, plan));
    const changes = keyspaceChanges(cluster, this.#scenario);
    const members = new MemberSteps(cluster, this.#scenario.members ?? []);
    const busy = [...running, ...sessions, ...ages];
    const isBusy = () => busy.some((client) => !client.finished) || !changes.areOver;
    const injector = new FaultInjector(cluster, faults);
    this.#faults = injector.struck;
    await cluster.run(1 + Math.max(members.lastMs, ...faults.map(({ atMs, forMs }) => atMs + forMs)));
    healAll(cluster);
    await members.untilAllVote(DONE_WITHIN_MS);
    await cluster.runUntilReady();
    const untilMs = cluster.scheduler.nowMs + DONE_WITHIN_MS;
    while (isBusy() && cluster.scheduler.nowMs < untilMs) await cluster.run(20);
    if (isBusy()) throw new NotLive('a client did not come to the end of its plan');
    this.#recorder.endPlan();
    if (this.#scenario.members === undefined) this.#expectFewViews();
    await cluster.run(SETTLE_MS + SEEN_FOR_SEC * 1000);
    await this.#expectFilled();
    await this.#readAll();
    await cluster.run(SETTLE_MS);
    await this.#playAbsence();
    if (this.#scenario.shards !== undefined) await untilResharded(cluster);
    const values = await this.#readAll();
    for (const text of cluster.mistakes) this.#violations.push({ kind: 'not-live', text });
    this.#recorder.doubtful.push(...this.#sessions.doubtful, ...this.#ages.doubtful);
    const seen = [this.#judgedSessions, this.#ages, changes] as const;
    const verdict = judgeScenario(
      { ...this.#scenario, level: this.#judgedLevel },
      cluster,
      this.#recorder,
      values,
      ...seen,
    );
    this.#violations.push(...verdict.violations);
    const regression = this.#placements.findRegression() ?? members.violation;
    if (regression !== null) this.#violations.push({ kind: 'two-placements', text: regression });
    const { violation } = this.#times;
    if (violation !== null) this.#violations.push({ kind: 'wrong-time', text: violation });
    this.#undecided = verdict.undecided;
    this.#searched = verdict.searched;
  }

  /** What sessions saw, where their guarantees hold all the time. */
  get #judgedSessions(): SessionHistory {
    return keepsSessionsIn(this.#scenario) ? this.#sessions.events : [];
  }

  /** Announces a flush whose time does not come. */
  #announceFlush(): void {
    const request = { kind: 'flush_all', delay: LASTING_SECONDS, noreply: false } as const;
    this.#cluster.nodes[0]!.connect().submit(request, () => {});
  }

  /**
   * Some controllers are away. The others serve if they are a quorum, and those that return know what was done
   * meanwhile.
   */
  async #playAbsence(): Promise<void> {
    const cluster = this.#cluster;
    const { nodes, by } = this.#scenario.absence;
    if (nodes.length === 0) return;
    const away = nodes.flatMap((node) => cluster.nodeOf(node) ?? []);
    const present = cluster.nodes.filter((node) => !away.includes(node));
    if (by === 'blackout') await this.#startAgain(present);
    else
      for (const node of away) {
        if (by === 'pause') node.pause();
        else if (by === 'full-disk') node.files.setFull(true);
        else if (by === 'kill' && cluster.survivesWithout(node)) cluster.kill(node);
        else this.#isolate(node);
      }
    cluster.transcript?.line(null, `away: ${nodes.join(', ')}, by ${by}`);
    for (const node of present) await this.#expectToServe(node);
    // A shard serves before the group does that all controllers have in common, and whose views are counted.
    if (this.#scenario.shards !== undefined) await cluster.runUntilServing(present, SERVES_WITHIN_MS);
    const views = this.#views.counts();
    await cluster.run(SETTLE_MS);
    this.#expectSteady(views);
    const [known] = present;
    const before = await this.#readKeys(known!);
    const killed = away.filter((node) => !node.running);
    healAll(cluster);
    for (const node of killed) await this.#expectToKnow(node, before);
    await cluster.runUntilReady();
    await cluster.run(SETTLE_MS);
  }

  /**
   * A controller that is away is not taken back.
   *
   * @param views how many views each group had when the others served again
   */
  #expectSteady(views: ReadonlyMap<number, number>): void {
    const changes = this.#views.changesSince(views);
    if (changes <= VIEWS_MORE_MAX) return;
    const text = `the view of a group changed ${changes} times in ${SETTLE_MS} ms, though nobody came or went`;
    this.#violations.push({ kind: 'not-live', text });
  }

  /** A controller that runs in bursts is left out, and is not taken back each time that it runs for a moment. */
  #expectFewViews(): void {
    const { faults, delays, switches = [], steps = [] } = this.#scenario;
    const nodes = new Set(faults.map(({ node }) => node));
    if (nodes.size !== 1 || delays.kind !== 'uniform' || faults.some(({ kind }) => kind !== 'bursts')) return;
    const agreed = VIEWS_PER_MOVE * (switches.length + steps.length);
    const most = VIEWS_AT_START + VIEWS_PER_BURSTS_MAX * faults.length + agreed;
    const views = this.#views.mostInAGroup;
    if (views <= most) return;
    const text = `${views} views of a group, though only n${[...nodes]} ran in bursts, ${faults.length} times`;
    this.#violations.push({ kind: 'not-live', text });
  }

  /** All machines go off, and the controllers of these are started. */
  async #startAgain(nodes: readonly SimNode[]): Promise<void> {
    const cluster = this.#cluster;
    cluster.losePower(...cluster.nodes);
    for (const node of nodes) node.start();
    const untilMs = cluster.scheduler.nowMs + SERVES_WITHIN_MS;
    while (nodes.some(({ core }) => core === null) && cluster.scheduler.nowMs < untilMs) await cluster.run(5);
  }

  /** A controller that was restarted answers what the others know, although its links break at first. */
  async #expectToKnow(node: SimNode, before: ReadonlyMap<string, string | null>): Promise<void> {
    const { network, nodes, random, scheduler } = this.#cluster;
    for (const { id } of nodes) {
      if (id !== node.id)
        scheduler.after(random.between(0, LINKS_BREAK_MS), () => network.break(node.id, id));
    }
    const untilMs = scheduler.nowMs + READY_WITHIN_MS;
    while (!node.serving && scheduler.nowMs < untilMs) await this.#cluster.run(5);
    // All members of a shard may be out of reach until the last link that broke is back.
    if (this.#scenario.shards !== undefined) await this.#cluster.run(2 * LINKS_BREAK_MS);
    const after = await this.#readKeys(node);
    const difference = findDifference([before, after]);
    if (difference !== null) {
      this.#violations.push({ kind: 'lost', text: `n${node.id} returned without knowing: ${difference}` });
    }
  }

  async #expectFilled(): Promise<void> {
    const lost = await unfilledFor(this.#cluster);
    if (lost !== null) this.#violations.push({ kind: 'not-live', text: `${lost}, though nobody hinders it` });
  }

  #isolate(node: SimNode): void {
    const { network, nodes } = this.#cluster;
    for (const { id } of nodes) {
      if (id === node.id) continue;
      network.block(id, node.id);
      network.block(node.id, id);
    }
  }

  async #expectToServe(node: SimNode): Promise<void> {
    await this.#askUntilAnswered(node, PROBE, { kind: 'get' });
    this.#probes += INCREMENTS_MAX;
    await this.#askUntilAnswered(node, PROBE, { kind: 'set', value: String(this.#probes) });
  }

  /** @throws when no answer comes within the bound */
  async #askUntilAnswered(node: SimNode, key: string, action: Action): Promise<void> {
    const untilMs = this.#cluster.scheduler.nowMs + SERVES_WITHIN_MS;
    const connection = this.#recorder.connect(node);
    while ((await this.#ask(connection, key, action)).fate !== 'answered') {
      if (this.#cluster.scheduler.nowMs > untilMs) {
        const reason = node.core?.notReadyBecause ?? 'it does not run';
        throw new NotLive(`n${node.id} did not serve again within ${SERVES_WITHIN_MS} ms: ${reason}`);
      }
      await this.#cluster.run(50);
    }
  }

  /** Asks, and waits for the answer. */
  async #ask(connection: Connection, key: string, action: Action): Promise<Seen> {
    let result: Seen | null = null;
    this.#recorder.ask(connection, key, { action }, (fate, reply) => {
      const hit = reply?.kind === 'hits' ? reply.hits[0] : undefined;
      result = { fate, value: hit?.value.toString() ?? null };
    });
    while (result === null) await this.#cluster.run(5);
    return result;
  }

  /** For each controller, what it answers for every key. */
  async #readAll(): Promise<Map<string, string | null>[]> {
    const all: Map<string, string | null>[] = [];
    for (const node of this.#cluster.nodes) all.push(await this.#readKeys(node));
    return all;
  }

  async #readKeys(node: SimNode): Promise<Map<string, string | null>> {
    const { clients, sessions = [], ages = [] } = this.#scenario;
    const written = [
      ...clients.flatMap(({ operations }) => operations.map(({ key }) => key)),
      ...[...sessions, ...ages].flatMap(({ steps }) => steps.map(({ key }) => key)),
    ];
    const keys = new Set([...written, COUNTER, PROBE].filter((key) => key !== '' && !isFleeting(key)));
    const connection = this.#recorder.connect(node);
    const values = new Map<string, string | null>();
    for (const key of keys) {
      const { fate, value } = await this.#ask(connection, key, { kind: 'get' });
      if (fate !== 'answered') {
        const text = `n${node.id} did not answer for ${key} when all was healed`;
        this.#violations.push({ kind: 'not-live', text });
      }
      values.set(key, value);
    }
    return values;
  }

  #watchViews(): void {
    const { scheduler, nodes } = this.#cluster;
    const look = (): void => {
      for (const { core } of nodes) {
        if (core) this.#views.look(core.orderedGroups);
        const view = core?.groups.views.view;
        if (view) this.#placements.onView(view);
      }
      scheduler.after(VIEWS_EVERY_MS, look);
    };
    look();
  }
}

/** The links of a controller that returns break in so many virtual milliseconds. */
const LINKS_BREAK_MS = 150;

/** The key that is written and read to see whether a controller serves. */
const PROBE = 'probe';

/** The first value of probes. No client writes one as large. */
const PROBES_FROM = 1e9;

/** How often the views of the controllers are looked at, in virtual milliseconds. */
const VIEWS_EVERY_MS = 10;
