import { Pipeline } from '../../src/consistency/pipeline.ts';
import type { Core } from '../../src/controller/core.ts';
import type { GroupBuses } from '../../src/membership/peer-bus.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { newContext } from '../../src/replication/request-context.ts';
import { NO_STREAM } from '../support/reading.ts';
import type { Random } from './random.ts';
import { type Scheduler, TURN_MS } from './scheduler.ts';
import type { SimClock } from './sim-clock.ts';
import type { SimNetwork } from './sim-network.ts';
import { SimReadBudget } from './sim-read-budget.ts';

/** A client's connection to one run of a controller. */
export interface SimClientConnection {
  /** `onReply` is never called when the controller dies first. */
  submit(request: Request, onReply: (reply: Reply) => void): void;
}

export interface RunPorts {
  readonly id: number;
  /** Gives the ids of all other controllers, as they are known now. */
  readonly peers: () => readonly number[];
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly network: SimNetwork;
  readonly clock: SimClock;
}

/** One run of a controller: a process that is awake or stands still, until it is over. */
export class SimRun {
  readonly #ports: RunPorts;
  readonly #pipelines = new Set<Pipeline>();
  #core: Core | null = null;
  #isOver = false;
  #isPaused = false;
  /** What came while the process stood still. */
  #deferred: (() => void)[] = [];
  #flushAsked = false;

  constructor(ports: RunPorts) {
    this.#ports = ports;
  }

  /** Null until the storage is open, and once the run is over. */
  get core(): Core | null {
    return this.#core;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** No client waits for an answer. */
  get isIdle(): boolean {
    return [...this.#pipelines].every(({ inProgress }) => inProgress === 0);
  }

  begin(core: Core): void {
    this.#core = core;
  }

  end(): void {
    this.#core = null;
    this.#isOver = true;
    this.#isPaused = false;
    this.#deferred = [];
    this.#pipelines.clear();
  }

  /** Something comes to this process: it runs once the process is awake, and never when it is over by then. */
  deliver(run: () => void): void {
    if (this.#isOver) return;
    if (this.#isPaused) this.#deferred.push(run);
    else run();
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** Runs the timers that were due, and what came meanwhile, in either order. */
  resume(timersFirst: boolean): void {
    this.#isPaused = false;
    const deferred = this.#deferred;
    this.#deferred = [];
    if (timersFirst) this.#runTimers();
    // Any of these may end the process: what came for it then goes nowhere.
    for (const run of deferred) this.deliver(run);
    if (!timersFirst) this.deliver(() => this.#runTimers());
  }

  #runTimers(): void {
    this.#core?.onTick();
    this.#core?.onHeartbeatTick();
  }

  /** Calls back after each interval on the clock of the machine, while the process is awake. */
  every(intervalMs: number, run: (core: Core) => void): void {
    const { scheduler, random, clock } = this.#ports;
    const tick = (): void => {
      if (this.#isOver) return;
      if (!this.#isPaused && this.#core !== null) run(this.#core);
      scheduler.after(clock.virtualMs(intervalMs), tick);
    };
    scheduler.after(intervalMs * random.next(), tick);
  }

  /** Calls back in the next turn of the event loop. */
  nextTurn(run: () => void): void {
    this.#ports.scheduler.after(TURN_MS, () => this.deliver(run));
  }

  requestFlush(): void {
    if (this.#flushAsked) return;
    this.#flushAsked = true;
    this.nextTurn(() => {
      this.#flushAsked = false;
      this.#core?.flush();
      this.#core?.onTurnEnd();
    });
  }

  /** The gate of a request may be open by now. */
  drainPipelines(): void {
    for (const pipeline of this.#pipelines) pipeline.drain();
  }

  connect(): SimClientConnection {
    const waiting: ((reply: Reply) => void)[] = [];
    const budget = new SimReadBudget();
    const pipeline = new Pipeline(this.#core!.coordinator, {
      context: newContext(),
      onPart: (_, hits) => budget.onPart(hits),
      stream: NO_STREAM,
      onReply: (_, reply) => waiting.shift()!(budget.whole(reply)),
      budget,
      waitedForClientSince: () => false,
      clientName: () => 'a client',
    });
    this.#pipelines.add(pipeline);
    const submit = (request: Request, onReply: (reply: Reply) => void) => {
      this.deliver(() => {
        waiting.push(onReply);
        pipeline.submit(request);
      });
    };
    return { submit };
  }

  buses(): GroupBuses<PeerMessage> {
    const { network, id, peers } = this.#ports;
    const isUp = (peer: number) => network.isUp(id, peer);
    return {
      isUp,
      of: (group) => {
        const send = (to: number, message: PeerMessage) => {
          if (!this.#isOver) network.send(id, to, group, message);
        };
        const sendTo = (nodes: readonly number[], message: PeerMessage) => {
          for (const node of nodes) send(node, message);
        };
        return { send, sendToAll: (message) => sendTo(peers(), message), sendTo, isUp };
      },
    };
  }
}
