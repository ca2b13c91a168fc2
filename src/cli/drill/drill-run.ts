import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../base/seeded-random.ts';
import { isOrdered } from '../../consistency/policies.ts';
import { reasonOf } from '../failure.ts';
import { DrillKeys } from './drill-keys.ts';
import { DrillLoad } from './drill-load.ts';
import type { DrillRecord, FinalState, LossyKill } from './drill-record.ts';
import { type DrillTarget, troubleOf } from './drill-target.ts';
import { FAULT_ACTS } from './fault-acts.ts';
import type { FaultName } from './fault-table.ts';
import type { LocalCluster } from './local-cluster.ts';
import type { UndoLog } from './undo-record.ts';

/** What is to be done. */
export interface DrillPlan {
  readonly target: DrillTarget;
  /** Null where no faults are done. */
  readonly cluster: LocalCluster | null;
  readonly faults: readonly FaultName[];
  readonly forMs: number;
  readonly clients: number;
  readonly seed: number;
  readonly prefix: string;
}

/** Something that was done to the cluster, or was seen of it, in words. */
export interface DrillStep {
  readonly atMs: number;
  readonly text: string;
}

/** One fault, from its first step until the cluster was whole again. */
export interface DoneFault {
  readonly name: FaultName;
  readonly controller: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** All that a drill has done and seen. */
export interface DrillCourse {
  readonly record: DrillRecord;
  readonly steps: readonly DrillStep[];
  readonly faults: readonly DoneFault[];
  /** How often a client found no connection, by reason. */
  readonly refusedConnections: ReadonlyMap<string, number>;
  /** Why the drill ended early, in words; null when it did not. */
  readonly trouble: string | null;
  readonly tookMs: number;
}

/** The clients run so long before the first fault, and after the last one, in milliseconds. */
const CALM_MS = 1_000;
/** The pause between two faults, once the cluster is whole again, in milliseconds. */
const BETWEEN_MS = [100, 400, 1_000] as const;

/** How long the cluster may take until it is whole again, and the controllers until they show the same. */
const WHOLE_WITHIN_MS = 60_000;
const EQUAL_WITHIN_MS = 30_000;
const POLL_MS = 100;
const READ_AGAIN_MS = 1_000;

/** Clients, faults and the last reads of one drill. */
export class DrillRun {
  readonly #plan: DrillPlan;
  readonly #log: UndoLog;
  readonly #signal: AbortSignal;
  readonly #onStep: (step: DrillStep) => void;
  readonly #load: DrillLoad;
  readonly #random: SeededRandom;
  readonly #steps: DrillStep[] = [];
  readonly #faults: DoneFault[] = [];
  readonly #lossyKills: LossyKill[] = [];

  /** @param signal ends the drill early; what was done is undone then, too */
  constructor(plan: DrillPlan, log: UndoLog, signal: AbortSignal, onStep: (step: DrillStep) => void) {
    this.#plan = plan;
    this.#log = log;
    this.#signal = signal;
    this.#onStep = onStep;
    // What clients draw depends on how quick they are, and must not change which faults are done.
    this.#random = new SeededRandom(plan.seed);
    const ofClients = new SeededRandom(plan.seed + 1);
    const onLot = (count: number): void => log.keep({ keys: { prefix: plan.prefix, count } });
    this.#load = new DrillLoad({
      addresses: plan.target.addresses,
      level: plan.target.keyspace.level,
      clients: plan.clients,
      forMs: plan.forMs,
      random: ofClients,
      keys: new DrillKeys(plan.prefix, ofClients, onLot),
    });
  }

  /** @throws what the signal is aborted with; and OperationError when something that was ended cannot be started */
  async run(): Promise<DrillCourse> {
    this.#load.start();
    try {
      let trouble: string | null = null;
      await this.#wait(CALM_MS);
      if (this.#plan.faults.length === 0) await this.#wait(this.#plan.forMs - 2 * CALM_MS);
      else trouble = await this.#doFaults();
      await this.#wait(CALM_MS);
      await this.#load.stop();
      const finals = trouble === null ? await this.#readEverywhere() : null;
      this.#signal.throwIfAborted();
      return this.#courseWith(finals, trouble);
    } finally {
      this.#load.close();
    }
  }

  #courseWith(finals: FinalState[] | null, trouble: string | null): DrillCourse {
    return {
      record: { operations: this.#load.operations, finals, lossyKills: this.#lossyKills },
      steps: this.#steps,
      faults: this.#faults,
      refusedConnections: this.#load.refusedConnections,
      trouble,
      tookMs: this.#load.nowMs,
    };
  }

  /** At least one, and further ones until the time is up. @returns why it ended early, if it did */
  async #doFaults(): Promise<string | null> {
    const ends = this.#plan.forMs - CALM_MS;
    let deck: FaultName[] = [];
    do {
      if (deck.length === 0) deck = this.#shuffled(this.#plan.faults);
      const trouble = await this.#doFault(deck.pop()!);
      if (trouble !== null) return trouble;
      await this.#wait(this.#random.pick(BETWEEN_MS));
    } while (this.#load.nowMs < ends);
    return null;
  }

  async #doFault(name: FaultName): Promise<string | null> {
    const cluster = this.#plan.cluster!;
    const controller = this.#random.pick(cluster.ids);
    const fromMs = this.#load.nowMs;
    await FAULT_ACTS[name]({
      cluster,
      id: controller,
      random: this.#random,
      log: this.#log,
      signal: this.#signal,
      note: (text) => this.#note(text),
      onKill: (killed) => this.#onKill(killed, name === 'kill-all'),
    });
    const trouble = await this.#becomeWhole();
    this.#faults.push({ name, controller, fromMs, toMs: this.#load.nowMs });
    return trouble;
  }

  /** At an ordered level a write is lost only if every controller has lost it. */
  #onKill(controller: number, areAllKilled: boolean): void {
    const { keyspace, durability } = this.#plan.target;
    if (durability === 'sync' || (isOrdered(keyspace.level) && !areAllKilled)) return;
    this.#lossyKills.push({ controller, atMs: this.#load.nowMs });
  }

  /** Waits until all controllers are ready and hear each other. @returns why they do not, in words */
  async #becomeWhole(): Promise<string | null> {
    const deadline = performance.now() + WHOLE_WITHIN_MS;
    for (;;) {
      const trouble = await troubleOf(this.#plan.target);
      this.#signal.throwIfAborted();
      if (trouble === null) break;
      if (performance.now() > deadline)
        return `the cluster was not whole again within ${WHOLE_WITHIN_MS / 1000} s: ${trouble}`;
      await sleep(POLL_MS);
    }
    this.#note('all controllers are ready, and hear each other');
    return null;
  }

  /** Reads all keys at all controllers, until all show the same. @returns null when they cannot be read */
  async #readEverywhere(): Promise<FinalState[] | null> {
    const deadline = performance.now() + EQUAL_WITHIN_MS;
    for (;;) {
      const isLate = performance.now() > deadline;
      try {
        const states = await this.#load.readAll();
        if (isLate || areEqual(states)) return states;
      } catch (error) {
        if (isLate) {
          this.#note(`the keys cannot be read everywhere: ${reasonOf(error)}`);
          return null;
        }
      }
      await this.#wait(READ_AGAIN_MS);
    }
  }

  #note(text: string): void {
    const step = { atMs: this.#load.nowMs, text };
    this.#steps.push(step);
    this.#onStep(step);
  }

  async #wait(ms: number): Promise<void> {
    this.#signal.throwIfAborted();
    await sleep(Math.max(0, ms), null, { signal: this.#signal }).catch(() => this.#signal.throwIfAborted());
  }

  #shuffled(names: readonly FaultName[]): FaultName[] {
    return names
      .map((name) => ({ name, place: this.#random.next() }))
      .sort((a, b) => a.place - b.place)
      .map(({ name }) => name);
  }
}

function areEqual([first, ...others]: readonly FinalState[]): boolean {
  return others.every((state) =>
    [...first!].every(([key, { value, version }]) => {
      const other = state.get(key);
      return other?.value === value && other.version === version;
    }),
  );
}
