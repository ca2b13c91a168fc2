import type { SeededRandom } from '../../base/seeded-random.ts';
import type { Address } from '../../controller/settings.ts';
import type { Level } from '../../placement/level.ts';
import { type ClientPlan, poll, write } from './drill-clients.ts';
import { DrillConnectionLost } from './drill-connection.ts';
import type { DrillKeys } from './drill-keys.ts';
import type { DrillOperation, FinalState, ShownEntry } from './drill-record.ts';
import { DrillRunner } from './drill-runner.ts';
import { Recorder } from './recorder.ts';

/** What the clients do. */
export interface LoadPlan {
  /** Of every controller, in the order of the ids. */
  readonly addresses: readonly Address[];
  readonly level: Level;
  readonly clients: number;
  readonly forMs: number;
  readonly random: SeededRandom;
  readonly keys: DrillKeys;
}

/** Operations that a drill aims at, of writers and of runners: together as many as the checkers judge in some seconds. */
const WRITERS_AIM = 8_000;
const RUNNERS_AIM = 5_000;
const PAUSE_MS_MIN = 4;

/** The pause of each client that makes about so many operations of all together, in milliseconds. */
function pauseMsFor(clients: number, forMs: number, aim: number): number {
  return Math.max(PAUSE_MS_MIN, (clients * forMs) / aim);
}

/**
 * Clients of every controller that read and write keys of their own, whatever fails, and record what they see: writers,
 * and for each controller a poller and a runner.
 */
export class DrillLoad {
  readonly #plan: LoadPlan;
  readonly #recorder: Recorder;
  readonly #tasks: Promise<void>[] = [];
  #firstReads: readonly DrillOperation[] = [];
  #lastReads: readonly DrillOperation[] = [];

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.#recorder = new Recorder(plan.addresses, plan.level === 'causal');
  }

  get nowMs(): number {
    return this.#recorder.nowMs;
  }

  get refusedConnections(): ReadonlyMap<string, number> {
    return this.#recorder.refusedConnections;
  }

  /** In the order in which they were sent. */
  get operations(): DrillOperation[] {
    const all = new Set([...this.#recorder.operations, ...this.#firstReads, ...this.#lastReads]);
    return [...all].sort((a, b) => a.sentMs - b.sentMs);
  }

  start(): void {
    const { addresses, clients, forMs, keys, random, level } = this.#plan;
    const controllers = addresses.length;
    const plan: ClientPlan = {
      recorder: this.#recorder,
      keys,
      random,
      controllers,
      withTokens: level === 'causal',
    };
    const writerPauseMs = pauseMsFor(clients, forMs, WRITERS_AIM);
    const runnerPauseMs = pauseMsFor(2 * controllers, forMs, RUNNERS_AIM);
    for (let at = 0; at < clients; at++) this.#tasks.push(write(plan, at % controllers, writerPauseMs));
    for (const controller of addresses.keys()) {
      this.#tasks.push(poll(plan, controller), new DrillRunner(plan, controller).run(runnerPauseMs));
    }
  }

  /** Starts no operation any more, and waits for those under way. */
  async stop(): Promise<void> {
    this.#recorder.stop();
    await Promise.all(this.#tasks);
  }

  /** Ends all connections. */
  close(): void {
    this.#recorder.close();
  }

  /**
   * Reads all keys at each controller. Only the first and the last time this is done are in the record.
   *
   * @throws DrillConnectionLost
   */
  async readAll(): Promise<FinalState[]> {
    const reads: DrillOperation[] = [];
    const states = await Promise.all(this.#plan.addresses.map((_, at) => this.#readAllAt(at, reads)));
    if (this.#firstReads.length === 0) this.#firstReads = reads;
    this.#lastReads = reads;
    return states;
  }

  async #readAllAt(controller: number, reads: DrillOperation[]): Promise<FinalState> {
    const recorder = this.#recorder;
    const client = recorder.newClient();
    const session = recorder.newSession();
    const connection = await recorder.dial(controller);
    const shown = new Map<string, ShownEntry>();
    try {
      for (const key of this.#plan.keys.all) {
        const asked = { client, session, controller, key, kind: 'get' } as const;
        const { outcome, value, version, reason } = await recorder.perform(connection, asked, reads);
        if (outcome !== 'answered') throw new DrillConnectionLost(reason);
        shown.set(key, { value, version });
      }
      return shown;
    } finally {
      recorder.hangUp(connection);
    }
  }
}
