import type { LogFields } from '../../src/base/log.ts';
import { Pipeline } from '../../src/consistency/pipeline.ts';
import { Core, TICK_MS } from '../../src/controller/core.ts';
import type { Settings } from '../../src/controller/settings.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { JournalError } from '../../src/journal/journal-error.ts';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { NOTHING_RECOVERED, type RecoveredState } from '../../src/journal/recovered-state.ts';
import type { GroupBuses } from '../../src/membership/peer-bus.ts';
import type { ViewLog, ViewRecord } from '../../src/membership/view-record.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import { REPLIES, type Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { newContext } from '../../src/replication/request-context.ts';
import type { Random } from './random.ts';
import { type Scheduler, TURN_MS } from './scheduler.ts';
import { SimClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import { SimFileSystem } from './sim-file-system.ts';
import type { NetworkNode, SimNetwork } from './sim-network.ts';
import { READ_WINDOW_BYTES, SimRoom } from './sim-room.ts';
import { openSimStorage } from './sim-storage.ts';
import { SimStore } from './sim-store.ts';
import type { Transcript } from './transcript.ts';
import { WitnessJournal } from './witness-journal.ts';

/** A client's connection to one run of a controller. */
export interface SimClientConnection {
  /** `onReply` is never called when the controller dies first. */
  submit(request: Request, onReply: (reply: Reply) => void): void;
}

export interface NodePorts {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly network: SimNetwork;
  readonly transcript: () => Transcript | null;
  /** The controller has served since it was started. */
  readonly onSettled: () => void;
  /** The controller is about to abandon all that it knows. */
  readonly onStartAnew: (node: SimNode) => void;
}

/** What a controller begins with. */
interface Possessions {
  readonly journal: Journal;
  readonly viewLog: ViewLog;
  readonly recovered: RecoveredState;
}

/** A controller that can't use its disk ends; it is started again after so long, in virtual milliseconds. */
const START_AGAIN_MS = 200;

/**
 * One machine, and the controller on it, which may run, be dead, or stand still. Its store, its clocks and its
 * disk outlive the controller.
 */
export class SimNode implements NetworkNode {
  readonly id: number;
  readonly store: SimStore;
  readonly clock: SimClock;
  /** Of single records, for the part in views, where durability is `none`. */
  readonly disk: SimDisk;
  readonly files: SimFileSystem;
  readonly #ports: NodePorts;
  readonly #settings: Settings;
  readonly #pipelines = new Set<Pipeline>();
  #core: Core | null = null;
  #running = false;
  #life = 0;
  #flushAsked = false;
  #paused = false;
  #isStopping = false;
  #held: (() => void)[] = [];
  #settledLife = 0;
  journal: WitnessJournal;
  /** What this run began with. */
  recovered: RecoveredState = NOTHING_RECOVERED;
  /** Starts that went on from what was on disk. */
  recoveries = 0;
  /** A test hands it messages that no controller sends. */
  isLiedTo = false;
  /** Messages of peers that it has refused. */
  refusals = 0;
  /** Times that it abandoned all that it knew. */
  newBeginnings = 0;
  /** Virtual time up to which this node last stood still. */
  pausedUntilMs = Number.NEGATIVE_INFINITY;
  #pausedFromMs = Number.NEGATIVE_INFINITY;
  /** Virtual time at which its controller last died. */
  diedMs = Number.NEGATIVE_INFINITY;

  constructor(id: number, settings: Settings, ports: NodePorts) {
    this.id = id;
    this.#ports = ports;
    this.#settings = settings;
    const { scheduler, random } = ports;
    this.store = new SimStore(scheduler, random.fork(`store ${id}`), settings.storeTimeoutMs);
    this.clock = new SimClock(scheduler, random.fork(`clock ${id}`));
    this.disk = new SimDisk(scheduler, random.fork(`disk ${id}`));
    this.files = new SimFileSystem(scheduler, random.fork(`files ${id}`));
    this.journal = new WitnessJournal(new MemoryJournal(settings.peers.length));
  }

  /** Null while it opens its disk, too. */
  get core(): Core | null {
    return this.#core;
  }

  get running(): boolean {
    return this.#running;
  }

  get incarnation(): number {
    return this.#life;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** It was asked to end: it takes no further clients, and those that it has turn away with their next answer. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** It serves clients: it has all that its level asks for. */
  get serving(): boolean {
    return this.#core !== null && !this.#paused && this.#core.notReadyBecause === '';
  }

  /** It has served since it was started: it knows what its peers know, but for what is under way. */
  get settled(): boolean {
    return this.#core !== null && this.#settledLife === this.#life;
  }

  /** It has its memory: it may have answered. */
  get knows(): boolean {
    return this.settled || this.#core?.notReadyBecause === '';
  }

  /** It serves, and hears everybody; and everybody takes part. */
  get ready(): boolean {
    if (!this.serving || this.#isStopping || this.#core!.peers.missing !== '') return false;
    const { view } = this.#core!;
    return view === null || view.members.length === this.#settings.peers.length;
  }

  /** Starts a new run, with nothing remembered but what the disk and the store hold. */
  start(abandon: string | null = null): void {
    this.#life++;
    this.#running = true;
    // A controller that may serve alone before it knows the cluster's time is not started with a clock that is far off.
    if (this.#settings.level === 'eventual') this.clock.setRight();
    const life = this.#life;
    /** What comes back to this process comes when it is awake, and never to the next one. */
    const deliver = (run: () => void) => {
      if (life === this.#life) this.whenAwake(run);
    };
    this.#note(`starts, run ${life}`);
    if (this.#settings.durability !== 'none') return this.#openStorage(deliver, abandon);
    this.#begin(deliver, {
      journal: new MemoryJournal(this.#settings.peers.length),
      recovered: NOTHING_RECOVERED,
      viewLog: this.disk.open<ViewRecord>('views', deliver),
    });
  }

  #openStorage(deliver: (run: () => void) => void, abandon: string | null): void {
    const { scheduler, random } = this.#ports;
    const opening = openSimStorage({
      settings: this.#settings,
      files: this.files,
      clock: this.clock,
      scheduler,
      random,
      deliver,
      onWritable: () => this.#core?.onWritable(),
      abandon,
      note: (message, fields) => this.#noteLog(message, fields),
    });
    opening.then(
      (storage) => this.#begin(deliver, storage),
      (error) => this.#fail(error),
    );
  }

  /** As a controller that can't use its data directory, and whoever runs it. */
  #fail(error: unknown): void {
    if (!(error instanceof JournalError)) throw error;
    this.#die(`ends: ${error.message}`);
    this.#ports.scheduler.after(START_AGAIN_MS, () => {
      if (!this.#running) this.start();
    });
  }

  #begin(deliver: (run: () => void) => void, { journal, recovered, viewLog }: Possessions): void {
    const { scheduler, network, random } = this.#ports;
    const { id, clock } = this;
    const noteLog = (message: string, fields?: LogFields) => this.#noteLog(message, fields);
    const life = this.#life;
    this.journal = new WitnessJournal(journal, this.journal.applied);
    this.recovered = recovered;
    if (recovered.newestTime > 0) this.recoveries++;
    this.#core = new Core({
      settings: this.#settings,
      incarnation: this.#life,
      bus: this.#buses(life),
      incarnationOf: (peer) => network.incarnationOf(id, peer),
      refuse: (peer, reason) => this.#refuse(peer, reason),
      breakLink: (peer) => network.close(id, peer),
      journal: this.journal,
      recovered,
      viewLog,
      store: this.store.connect(deliver),
      clock,
      random: () => random.next(),
      requestFlush: () => this.#requestFlush(),
      readWindowBytes: READ_WINDOW_BYTES,
      lend: () => {},
      nextTurn: (callback) => scheduler.after(TURN_MS, () => deliver(callback)),
      onChange: () => {
        for (const pipeline of this.#pipelines) pipeline.drain();
      },
      startAnew: (reason) => scheduler.after(0, () => deliver(() => this.#startAnew(reason))),
      log: { info: noteLog, warn: noteLog },
      local: (_, answer) => answer(REPLIES.ok),
    });
    network.join(id, this);
    this.#every(TICK_MS, (core) => {
      core.onTick();
      if (core.notReadyBecause === '') this.#settle();
    });
    this.#every(this.#settings.heartbeatMs, (core) => core.onHeartbeatTick());
    this.#every(this.#settings.syncIntervalMs, (core) => core.onSyncTick());
  }

  /** Unless a test lies, nobody does: there is nothing to refuse but what a wrong clock has made. */
  #refuse(peer: number, reason: string): void {
    this.refusals++;
    if (!this.isLiedTo && !reason.includes('max_clock_skew'))
      throw new Error(`a message of ${peer} is refused: ${reason}`);
    this.#ports.transcript()?.line(this.id, `refuses n${peer}: ${reason}`);
    this.#ports.network.close(this.id, peer);
  }

  #settle(): void {
    if (this.settled) return;
    this.#settledLife = this.#life;
    this.#ports.onSettled();
  }

  #startAnew(reason: string): void {
    this.newBeginnings++;
    this.#ports.onStartAnew(this);
    this.#die(`starts anew: ${reason}`);
    this.start(reason);
  }

  /** As SIGKILL: its clients get no more answers, its memory is lost. */
  kill(): void {
    if (this.#running) this.#die('is killed');
  }

  /** As SIGTERM. @param onGone called once it would end by itself; its caller ends it */
  stop(onGone: () => void): void {
    const core = this.#core;
    if (core === null || this.#isStopping) return;
    this.#note('is asked to stop');
    this.#isStopping = true;
    const life = this.#life;
    const ifAlive = (run: () => void) => () => {
      if (life === this.#life) this.whenAwake(run);
    };
    const look = (): void => {
      if ([...this.#pipelines].some(({ inProgress }) => inProgress > 0)) {
        this.#ports.scheduler.after(TURN_MS, ifAlive(look));
      } else core.departure.becomeDrained(() => this.#ports.scheduler.after(TURN_MS, ifAlive(onGone)));
    };
    core.departure.becomeDraining();
    look();
  }

  /** Its end, when it was asked to. */
  end(): void {
    this.#die('has stopped');
  }

  #die(how: string): void {
    this.#note(how);
    this.#end();
    this.files.onKill();
  }

  /** The machine goes off: what was not flushed is lost, and what its memcached held. */
  losePower(): void {
    this.#note('loses power');
    this.#end(true);
    this.files.losePower();
    this.store.empty();
  }

  /** @param isOff its machine is, too */
  #end(isOff = false): void {
    const wasUp = this.#core !== null;
    this.diedMs = this.#ports.scheduler.nowMs;
    this.#core = null;
    this.#running = false;
    this.#isStopping = false;
    this.#life++;
    this.#flushAsked = false;
    this.#pipelines.clear();
    this.#paused = false;
    this.#held = [];
    if (!wasUp) return;
    this.disk.crash();
    this.#ports.network.leave(this.id, isOff);
  }

  /** Of what this controller answered, that which was answered before this time is on its disk (durability `async`). */
  get keptUntilMs(): number {
    const { nowMs } = this.#ports.scheduler;
    const { exposureMs } = this.files;
    const stood = this.#paused || this.pausedUntilMs > nowMs - exposureMs;
    return (stood ? this.#pausedFromMs : nowMs) - exposureMs;
  }

  /** As SIGSTOP. */
  pause(): void {
    if (!this.#running || this.#paused) return;
    this.#note('stands still');
    this.#pausedFromMs = this.#ports.scheduler.nowMs;
    this.#paused = true;
  }

  /** As SIGCONT: timers that were due, and what came meanwhile, in either order. */
  resume(): void {
    if (!this.#paused) return;
    this.#note('goes on');
    this.pausedUntilMs = this.#ports.scheduler.nowMs;
    this.#paused = false;
    const held = this.#held;
    this.#held = [];
    const life = this.#life;
    const timersFirst = this.#ports.random.chance(0.5);
    if (timersFirst) this.#runTimers();
    // Any of these may end the process: what came for it then goes nowhere.
    for (const run of held) if (life === this.#life) this.whenAwake(run);
    if (!timersFirst) this.whenAwake(() => this.#runTimers());
  }

  connect(): SimClientConnection {
    const waiting: ((reply: Reply) => void)[] = [];
    const room = new SimRoom();
    const pipeline = new Pipeline(this.#core!.coordinator, {
      context: newContext(),
      onPart: (_, hits) => room.onPart(hits),
      onReply: (_, reply) => waiting.shift()!(room.whole(reply)),
      room,
      waitedForClientSince: () => false,
    });
    this.#pipelines.add(pipeline);
    const life = this.#life;
    return {
      submit: (request, onReply) => {
        if (life !== this.#life) return;
        this.whenAwake(() => {
          waiting.push(onReply);
          pipeline.submit(request);
        });
      },
    };
  }

  whenAwake(run: () => void): void {
    if (this.#paused) this.#held.push(run);
    else run();
  }

  onPeerUp(peer: number): void {
    this.#core?.onPeerUp(peer);
  }

  onPeerDown(peer: number): void {
    this.#core?.onPeerDown(peer);
  }

  onPeerGone(peer: number): void {
    this.#core?.onPeerGone(peer);
  }

  onMessage(from: number, group: number, message: PeerMessage): void {
    this.#core?.onHeard(from);
    this.#core?.onMessage(from, group, message);
  }

  #buses(life: number): GroupBuses<PeerMessage> {
    const { network } = this.#ports;
    const { id } = this;
    const peers = this.#settings.peers.map((_, peer) => peer).filter((peer) => peer !== id);
    return {
      isUp: (peer) => network.isUp(id, peer),
      of: (group) => {
        const send = (to: number, message: PeerMessage) => {
          if (life === this.#life) network.send(id, to, group, message);
        };
        return {
          send,
          broadcast: (message) => {
            for (const peer of peers) send(peer, message);
          },
          multicast: (nodes, message) => {
            for (const peer of nodes) send(peer, message);
          },
          isUp: (peer) => network.isUp(id, peer),
        };
      },
    };
  }

  #note(text: string): void {
    this.#ports.transcript()?.line(this.id, text);
  }

  #noteLog(message: string, fields?: LogFields): void {
    this.#note(`log: ${message}${fields ? ` ${JSON.stringify(fields)}` : ''}`);
  }

  #every(intervalMs: number, run: (core: Core) => void): void {
    const life = this.#life;
    const { scheduler, random } = this.#ports;
    const tick = (): void => {
      if (life !== this.#life) return;
      if (!this.#paused && this.#core !== null) run(this.#core);
      scheduler.after(this.clock.virtualMs(intervalMs), tick);
    };
    scheduler.after(intervalMs * random.next(), tick);
  }

  #runTimers(): void {
    if (this.#core === null) return;
    this.#core.onTick();
    this.#core.onHeartbeatTick();
  }

  #requestFlush(): void {
    if (this.#flushAsked) return;
    this.#flushAsked = true;
    const life = this.#life;
    this.#ports.scheduler.after(TURN_MS, () => {
      if (life !== this.#life) return;
      this.whenAwake(() => {
        this.#flushAsked = false;
        this.#core?.flush();
      });
    });
  }
}
