import { createHash } from 'node:crypto';
import type { LogFields } from '../../src/base/log.ts';
import { Core, TICK_MS } from '../../src/controller/core.ts';
import type { AbandonedGroup, GroupStorage } from '../../src/controller/core-ports.ts';
import { groupsHere, type PlannedGroup } from '../../src/controller/group-plan.ts';
import { configuredOf, type Settings } from '../../src/controller/settings.ts';
import type { JournalRecord } from '../../src/journal/journal.ts';
import { JournalError } from '../../src/journal/journal-error.ts';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import type { RecoveredState } from '../../src/journal/recovered-state.ts';
import type { ViewRecord } from '../../src/membership/view-record.ts';
import { type Configuration, votersOf } from '../../src/placement/configuration.ts';
import { SCHEMES } from '../../src/replication/schemes.ts';
import { KnownPeers } from './known-peers.ts';
import { replyLocally } from './local-replies.ts';
import { NodeJournals } from './node-journals.ts';
import { NodeLinks } from './node-links.ts';
import { ServedShards } from './served-shards.ts';
import { SimClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import { SimFileSystem } from './sim-file-system.ts';
import type { NodePorts } from './sim-node-ports.ts';
import { inMemory, type Possessions } from './sim-possessions.ts';
import { READ_WINDOW_BYTES } from './sim-read-budget.ts';
import { type SimClientConnection, SimRun } from './sim-run.ts';
import { openSimStorage } from './sim-storage.ts';
import { SimStore } from './sim-store.ts';
import { type JudgedJournal, WitnessJournal } from './witness-journal.ts';

/** Some links for requests end and are made again within a run, in milliseconds. */
const LINK_IDLE_MS = 400;

/** A controller that can't use its disk ends, and is started again after this long, in virtual milliseconds. */
const START_AGAIN_MS = 200;

/**
 * One machine and the runs of the controller on it. Its store, its clocks and its disk outlive the runs.
 */
export class SimNode {
  readonly id: number;
  readonly store: SimStore;
  readonly clock: SimClock;
  /** Holds single records: with durability `none`, the part that the controller has in views. */
  readonly disk: SimDisk;
  readonly files: SimFileSystem;
  readonly #ports: NodePorts<SimNode>;
  readonly #settings: Settings;
  readonly #configured: Configuration;
  readonly #peers: KnownPeers;
  readonly links: NodeLinks;
  /** Null while the controller does not run. */
  #run: SimRun | null = null;
  #incarnation = 0;
  #isStopping = false;
  #settledIncarnation = 0;
  readonly #groups: readonly PlannedGroup[];
  readonly servedShards = new ServedShards();
  readonly journals = new NodeJournals(() => this.core?.router ?? null);
  /** What this run began with, by number of the group. */
  #recovered: ReadonlyMap<number, RecoveredState> = new Map();
  /** How many runs went on from what was on disk. */
  recoveries = 0;
  /** A test hands the controller messages that no controller sends. */
  isLiedTo = false;
  /** How many messages of peers the controller has refused. */
  refusals = 0;
  /** How often the controller abandoned all that it knew. */
  emptyStarts = 0;
  /** Virtual time up to which the process last stood still. */
  pausedUntilMs = Number.NEGATIVE_INFINITY;
  #pausedFromMs = Number.NEGATIVE_INFINITY;
  /** When the controller last died. */
  diedMs = Number.NEGATIVE_INFINITY;
  /** When the last run began. */
  startedMs = Number.NEGATIVE_INFINITY;

  constructor(id: number, settings: Settings, ports: NodePorts<SimNode>) {
    this.id = id;
    this.#ports = ports;
    this.#settings = settings;
    this.#configured = ports.configured ?? configuredOf(settings);
    const { length: founders } = settings.peers;
    this.#peers = new KnownPeers(id, founders, () => this.core?.configuration ?? this.#configured);
    this.links = new NodeLinks({
      core: () => this.core,
      incarnation: () => this.#incarnation,
      peers: this.#peers,
      deliver: (callback) => this.#run?.deliver(callback),
    });
    const { scheduler, random } = ports;
    this.store = new SimStore(scheduler, random.fork(`store ${id}`), settings.storeTimeoutMs);
    this.clock = new SimClock(scheduler, random.fork(`clock ${id}`));
    this.disk = new SimDisk(scheduler, random.fork(`disk ${id}`));
    this.files = new SimFileSystem(scheduler, random.fork(`files ${id}`));
    this.#groups = groupsHere(settings);
    for (const { number } of this.#groups) this.journals.set(number, new WitnessJournal(new MemoryJournal()));
  }

  /** Null where this run did not begin with a part in the group. */
  recoveredIn(group: number): RecoveredState | null {
    return this.#recovered.get(group) ?? null;
  }

  /** The journal of a group; without a number, that of the first group with entries. */
  journalOf(group = this.#groups[0]!.number): WitnessJournal {
    return this.journals.of(group)!;
  }

  /** That of the only keyspace or of all its shards, or of the first group with entries. */
  get journal(): JudgedJournal {
    if (this.#settings.sharded.length > 0) return this.journals.ofAll;
    return this.#settings.keyspaces.length > 0 ? this.journalOf() : this.journals.ofOnly;
  }

  /** Keys that have an entry now. */
  liveKeys(): string[] {
    return this.journals.liveKeys();
  }

  /** The newest write of the key. */
  newest(key: string): JournalRecord | undefined {
    return this.journals.newest(key);
  }

  /** Null while the controller does not run, and while it opens its disk. */
  get core(): Core | null {
    return this.#run?.core ?? null;
  }

  get running(): boolean {
    return this.#run !== null;
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  get paused(): boolean {
    return this.#run?.isPaused ?? false;
  }

  /** The controller was asked to end: no new clients come, and those that it has leave with their next answer. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** The controller serves clients: it has all that its level asks for. */
  get serving(): boolean {
    return !this.paused && this.core?.notReadyBecause === '';
  }

  /** The controller has served since it was started: it knows what its peers know, but for what is under way. */
  get settled(): boolean {
    return this.core !== null && this.#settledIncarnation === this.#incarnation;
  }

  /** The controller has its memory: it may have answered. */
  get knows(): boolean {
    return this.settled || this.core?.notReadyBecause === '';
  }

  /** The controller serves and hears all others, and all take part. */
  get ready(): boolean {
    if (!this.serving || this.#isStopping || this.core!.peers.unavailableText !== '') return false;
    return this.core!.orderedGroups.every(
      ({ views: { view, configuration } }) => view?.members.length === votersOf(configuration).length,
    );
  }

  /**
   * Starts a new run, which remembers nothing but what the disk and the store hold.
   *
   * @param abandoned the group of which the run has to set aside what is on disk; null to go on from all
   */
  start(abandoned: AbandonedGroup | null = null): void {
    this.#incarnation++;
    const { id, clock } = this;
    const { scheduler, random, network } = this.#ports;
    this.startedMs = scheduler.nowMs;
    const run = new SimRun({ id, peers: () => this.#peers.ids, scheduler, random, network, clock });
    this.#run = run;
    // A controller that may serve alone before it knows the cluster's time is not started with a very wrong clock.
    if (this.#ports.servesAlone || this.#groups.some(({ scheme }) => !SCHEMES[scheme].isOrdered))
      this.clock.setRight();
    this.#note(`starts, run ${this.#incarnation}`);
    if (this.#settings.durability !== 'none') return this.#openStorage(run, abandoned);
    const viewLogOf = (group: number) =>
      this.disk.open<ViewRecord>(`views ${group}`, (callback) => run.deliver(callback));
    this.#begin(
      run,
      inMemory(this.#settings, viewLogOf, (callback) => run.nextTurn(callback)),
    );
  }

  #openStorage(run: SimRun, abandoned: AbandonedGroup | null): void {
    const { scheduler, random } = this.#ports;
    const opening = openSimStorage({
      settings: this.#settings,
      files: this.files,
      clock: this.clock,
      scheduler,
      random,
      deliver: (callback) => run.deliver(callback),
      onWritable: () => run.core?.onWritable(),
      abandoned,
      note: (message, fields) => this.#noteLog(message, fields),
    });
    opening.then(
      (storage) => this.#begin(run, storage),
      (error) => this.#fail(error),
    );
  }

  /** Ends as a controller does that cannot use its data directory; later a service manager starts it again. */
  #fail(error: unknown): void {
    if (!(error instanceof JournalError)) throw error;
    this.#die(`ends: ${error.message}`);
    this.#ports.scheduler.after(START_AGAIN_MS, () => {
      if (!this.running) this.start();
    });
  }

  #begin(run: SimRun, { planned, storageOf, openGroup, closeGroup, viewLog }: Possessions): void {
    const { scheduler, network, random } = this.#ports;
    const { id, clock } = this;
    const noteLog = (message: string, fields?: LogFields) => this.#noteLog(message, fields);
    const storages = new Map<number, GroupStorage>();
    for (const { number } of planned)
      storages.set(number, this.journals.witnessed(number, storageOf(number)));
    const all = [...storages.values()];
    this.#recovered = new Map([...storages].map(([number, { recovered }]) => [number, recovered]));
    if (all.some(({ recovered }) => recovered.newestTime > 0)) this.recoveries++;
    const core = new Core({
      settings: this.#settings,
      configured: this.#configured,
      incarnation: this.#incarnation,
      bus: run.buses(),
      incarnationOf: (peer) => network.incarnationOf(id, peer),
      knowsPlacements: () => true,
      waitingBytes: () => 0,
      refuse: (peer, reason) => this.#refuse(peer, reason),
      breakLink: (peer) => network.close(id, peer),
      call: (peer) => network.call(id, peer),
      hangUp: (peer) => network.hangUp(id, peer),
      relink: (peer) => network.relink(id, peer),
      linkIdleMs: LINK_IDLE_MS,
      planned,
      storageOf: (group) => storages.get(group)!,
      openGroup: (plan, done) =>
        openGroup(plan, (opened) =>
          run.deliver(() =>
            done(typeof opened === 'string' ? opened : this.journals.witnessed(plan.number, opened)),
          ),
        ),
      closeGroup: (group, done) => closeGroup(group, () => run.deliver(done)),
      viewLog,
      store: this.store.connect((callback) => run.deliver(callback)),
      clock,
      random: () => random.next(),
      requestFlush: () => run.requestFlush(),
      tokenMac: (bytes) => createHash('sha256').update(bytes).digest(),
      readWindowBytes: READ_WINDOW_BYTES,
      stagedBytesMax: this.#ports.stagedBytesMax,
      differences: this.#ports.differences,
      lend: () => {},
      nextTurn: (callback) => run.nextTurn(callback),
      onConfiguration: (configuration) => {
        for (const peer of this.#peers.lostBy(configuration)) network.close(id, peer);
      },
      onChange: () => {
        for (const { number, views } of core.orderedGroups)
          if (views.view !== null) this.#ports.onView(number, views.view);
        run.drainPipelines();
      },
      startEmpty: (abandoned) => scheduler.after(0, () => run.deliver(() => this.#startEmpty(abandoned))),
      log: { info: noteLog, warn: noteLog },
      local: (request, answer) => replyLocally({ core, settings: this.#settings, clock }, request, answer),
    });
    run.begin(core);
    network.join(id, this.links);
    run.every(TICK_MS, () => {
      core.onTick();
      this.servedShards.onTick(core, this.#incarnation);
      if (core.notReadyBecause === '') this.#settle();
    });
    run.every(this.#settings.heartbeatMs, () => core.onHeartbeatTick());
    run.every(this.#settings.syncIntervalMs, () => core.onSyncTick());
  }

  /** @throws unless a test lies or a clock is wrong: then there is nothing else to refuse */
  #refuse(peer: number, reason: string): void {
    this.refusals++;
    if (!this.isLiedTo && !/max_clock_skew|removed by force/.test(reason))
      throw new Error(`a message of ${peer} is refused: ${reason}`);
    this.#note(`refuses n${peer}: ${reason}`);
    this.#ports.network.close(this.id, peer);
  }

  #settle(): void {
    if (this.settled) return;
    this.#settledIncarnation = this.#incarnation;
    this.#ports.onSettled();
  }

  #startEmpty(abandoned: AbandonedGroup): void {
    this.emptyStarts++;
    this.#ports.onStartEmpty(this);
    this.#die(`starts empty: ${abandoned.reason}`);
    this.start(abandoned);
  }

  /** SIGKILL: the clients get no more answers, the memory is lost. */
  kill(): void {
    if (this.running) this.#die('is killed');
  }

  /** SIGTERM. @param onGone called when the process would end by itself; the caller ends it */
  stop(onGone: () => void): void {
    const run = this.#run;
    const core = this.core;
    if (run === null || core === null || this.#isStopping) return;
    this.#note('is asked to stop');
    this.#isStopping = true;
    const look = (): void => {
      if (run.isIdle) core.departure.becomeDrained(() => run.nextTurn(onGone));
      else run.nextTurn(look);
    };
    core.departure.becomeDraining();
    look();
  }

  /** The end of a controller that was asked to stop. */
  end(): void {
    this.#die('has stopped');
  }

  #die(how: string): void {
    this.#note(how);
    this.#end(false);
    this.files.onKill();
  }

  /** The machine goes off: what was not flushed is lost, and so is what its memcached held. */
  losePower(): void {
    this.#note('loses power');
    this.#end(true);
    this.files.losePower();
    this.store.empty();
  }

  /** @param isOff the machine is off, too */
  #end(isOff: boolean): void {
    const wasUp = this.core !== null;
    this.diedMs = this.#ports.scheduler.nowMs;
    this.#run?.end();
    this.#run = null;
    this.#isStopping = false;
    this.#incarnation++;
    if (!wasUp) return;
    this.disk.crash();
    this.#ports.network.leave(this.id, isOff);
  }

  /** Whatever the controller answered before this time is on its disk (with durability `async`). */
  get durableUntilMs(): number {
    const { nowMs } = this.#ports.scheduler;
    const { exposureMs } = this.files;
    const stood = this.paused || this.pausedUntilMs > nowMs - exposureMs;
    return (stood ? this.#pausedFromMs : nowMs) - exposureMs;
  }

  /** SIGSTOP. */
  pause(): void {
    if (this.#run === null || this.paused) return;
    this.#note('stands still');
    this.#pausedFromMs = this.#ports.scheduler.nowMs;
    this.#run.pause();
  }

  /** SIGCONT. */
  resume(): void {
    if (!this.paused) return;
    this.#note('goes on');
    this.pausedUntilMs = this.#ports.scheduler.nowMs;
    this.#run!.resume(this.#ports.random.chance(0.5));
  }

  /** Only while the controller runs. */
  connect(): SimClientConnection {
    return this.#run!.connect();
  }

  #note(text: string): void {
    this.#ports.transcript()?.line(this.id, text);
  }

  #noteLog(message: string, fields?: LogFields): void {
    this.#note(`log: ${message}${fields ? ` ${JSON.stringify(fields)}` : ''}`);
  }
}
