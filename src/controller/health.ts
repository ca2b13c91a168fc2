import type { Clock } from '../base/clock.ts';
import type { DurationHistogram } from '../base/duration-histogram.ts';
import type { Heartbeat } from '../membership/messages.ts';
import { ReasonText } from '../peer/reason-text.ts';
import { RecentLag } from './recent-lag.ts';

export interface HealthPorts {
  readonly clock: Clock;
  /** How often `onTick` is called. */
  readonly tickMs: number;
  /** Why a journal of this controller takes no writes, nor will in a moment; empty when all do. */
  readonly journalTrouble: () => string;
  /** Why the store cannot be used; empty when it can. */
  readonly storeTrouble: () => string;
  /** How long the store took to answer last, or has taken so far, in milliseconds. */
  readonly storeAnswerMs: () => number;
}

/** What is wrong with this controller's journals, store and pace, as its heartbeats say it. */
export class Health {
  readonly #ports: HealthPorts;
  readonly #lag: RecentLag;
  readonly #journalReason = new ReasonText();
  readonly #storeReason = new ReasonText();

  constructor(ports: HealthPorts) {
    this.#ports = ports;
    this.#lag = new RecentLag(ports.clock, ports.tickMs);
  }

  get announcement(): Pick<Heartbeat, 'journalTrouble' | 'storeTrouble' | 'lagMs'> {
    const { journalTrouble, storeTrouble } = this.#ports;
    return {
      journalTrouble: this.#journalReason.of(journalTrouble()),
      storeTrouble: this.#storeReason.of(storeTrouble()),
      lagMs: this.#lag.longestMs,
    };
  }

  /** How late the ticks of the event loop came. */
  get delays(): DurationHistogram {
    return this.#lag.delays;
  }

  onTick(): void {
    this.#lag.onTick(this.#ports.storeAnswerMs());
  }
}
