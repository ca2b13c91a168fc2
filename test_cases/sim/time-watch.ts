import { DRIFT_MAX, STARTED_AT_MS } from './sim-clock.ts';
import type { SimCluster } from './sim-cluster.ts';

/** How often the controllers are looked at, in virtual milliseconds. */
const EVERY_MS = 10;

/**
 * How wrong cluster time may be, in milliseconds: as wrong as a clock in order, and a bit more because news is late.
 */
const ERROR_MAX_MS = 6_000;

/** Watches cluster time on every controller: it never goes back, and one wrong clock does not make it wrong. */
export class TimeWatch {
  readonly #cluster: SimCluster;
  readonly #last = new Map<number, { readonly incarnation: number; readonly ms: number }>();
  /** The first violation, in words. */
  violation: string | null = null;

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
    this.#look();
  }

  #look(): void {
    const { scheduler, nodes } = this.#cluster;
    const trueMs = STARTED_AT_MS + scheduler.nowMs;
    const errorMax = ERROR_MAX_MS + scheduler.nowMs * DRIFT_MAX;
    for (const { id, incarnation, core } of nodes) {
      const ms = core?.time.cluster.agreedMs ?? null;
      if (ms === null) continue;
      const last = this.#last.get(id);
      if (last?.incarnation === incarnation && ms < last.ms)
        this.#note(`of n${id} went back by ${last.ms - ms} ms`);
      if (Math.abs(ms - trueMs) > errorMax) this.#note(`of n${id} is wrong by ${Math.round(ms - trueMs)} ms`);
      this.#last.set(id, { incarnation, ms });
    }
    scheduler.after(EVERY_MS, () => this.#look());
  }

  #note(what: string): void {
    this.violation ??= `cluster time ${what}, at ${Math.round(this.#cluster.scheduler.nowMs)} ms`;
  }
}
