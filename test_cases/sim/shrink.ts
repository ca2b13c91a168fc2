import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import type { ClientPlan, Operation } from './sim-clients.ts';
import type { ViolationKind } from './violation.ts';

/** A scenario that still fails, and how many runs it took to find. */
export interface Shrunk {
  readonly scenario: Scenario;
  readonly runs: number;
}

/** Runs a scenario, and tells whether it fails in the same way as the first. */
export type Fails = (candidate: Scenario) => Promise<boolean>;

/**
 * Makes a failing scenario smaller as long as it fails in the same way: fewer faults, operations and clients, shorter
 * faults, simpler delays (delta debugging: halves first, then single parts).
 *
 * @param runsMax after how many runs the smallest scenario so far is the result
 */
export function shrink(scenario: Scenario, fails: Fails, runsMax: number): Promise<Shrunk> {
  return new Shrinker(scenario, fails, runsMax).shrink();
}

/** Whether a scenario shows a violation of this kind. */
export function showing(kind: ViolationKind): Fails {
  return async (candidate) => {
    const { violations } = await runScenario(candidate);
    return violations.some((violation) => violation.kind === kind);
  };
}

class Shrinker {
  readonly #fails: Fails;
  #runsLeft: number;
  #best: Scenario;
  readonly #runsMax: number;

  constructor(scenario: Scenario, fails: Fails, runsMax: number) {
    this.#best = scenario;
    this.#fails = fails;
    this.#runsMax = runsMax;
    this.#runsLeft = runsMax;
  }

  async shrink(): Promise<Shrunk> {
    for (let size = -1; size !== sizeOf(this.#best) && this.#runsLeft > 0; ) {
      size = sizeOf(this.#best);
      await this.#try({ ...this.#best, absence: { ...this.#best.absence, nodes: [] } });
      await this.#try({ ...this.#best, delays: { kind: 'uniform', minMs: 1, maxMs: 1 } });
      await this.#dropFaults();
      await this.#dropSwitches();
      await this.#dropSteps();
      await this.#dropOperations();
      await this.#try({
        ...this.#best,
        clients: this.#best.clients.filter((client) => client.operations.length > 0),
      });
      await this.#shortenFaults();
    }
    return { scenario: this.#best, runs: this.#runsMax - this.#runsLeft };
  }

  /** Keeps the candidate when it fails as well. */
  async #try(candidate: Scenario): Promise<boolean> {
    if (this.#runsLeft === 0) return false;
    this.#runsLeft--;
    const fails = await this.#fails(candidate);
    if (fails) this.#best = candidate;
    return fails;
  }

  async #dropFaults(): Promise<void> {
    await this.#drop(
      () => this.#best.faults.length,
      (keep) => ({ ...this.#best, faults: this.#best.faults.filter((_, i) => keep(i)) }),
    );
  }

  async #dropSwitches(): Promise<void> {
    const all = () => this.#best.switches ?? [];
    await this.#drop(
      () => all().length,
      (keep) => ({ ...this.#best, switches: all().filter((_, i) => keep(i)) }),
    );
  }

  async #dropSteps(): Promise<void> {
    const all = () => this.#best.steps ?? [];
    await this.#drop(
      () => all().length,
      (keep) => ({ ...this.#best, steps: all().filter((_, i) => keep(i)) }),
    );
  }

  async #dropOperations(): Promise<void> {
    await this.#drop(
      () => this.#best.clients.reduce((sum, { operations }) => sum + operations.length, 0),
      (keep) => {
        let i = 0;
        const clients = this.#best.clients.map((client) => without(client, () => keep(i++)));
        return { ...this.#best, clients };
      },
    );
  }

  /** Leaves stretches out, from half of all parts down to single parts. */
  async #drop(count: () => number, keeping: (keep: (index: number) => boolean) => Scenario): Promise<void> {
    for (
      let stretch = Math.ceil(count() / 2);
      stretch >= 1;
      stretch = stretch === 1 ? 0 : Math.ceil(stretch / 2)
    ) {
      for (let from = 0; from < count(); ) {
        const dropped = await this.#try(keeping((index) => index < from || index >= from + stretch));
        if (!dropped) from += stretch;
      }
    }
  }

  async #shortenFaults(): Promise<void> {
    for (const [i, fault] of this.#best.faults.entries()) {
      const shorter = { ...fault, forMs: Math.floor(fault.forMs / 2) };
      if (shorter.forMs < 10) continue;
      await this.#try({
        ...this.#best,
        faults: this.#best.faults.map((one, j) => (i === j ? shorter : one)),
      });
    }
  }
}

/** The operations that are left keep their times as far as possible: the client waits where it did something. */
function without(client: ClientPlan, keep: () => boolean): ClientPlan {
  const operations: Operation[] = [];
  let waitMs = 0;
  for (const operation of client.operations) {
    waitMs += operation.waitMs;
    if (!keep()) continue;
    operations.push({ ...operation, waitMs });
    waitMs = 0;
  }
  return { ...client, operations };
}

function sizeOf({ faults, clients, absence }: Scenario): number {
  const operations = clients.reduce((sum, client) => sum + 1 + client.operations.length, 0);
  return faults.reduce((sum, { forMs }) => sum + 1 + forMs, 0) + operations + absence.nodes.length;
}
