import type { Clock } from '../base/clock.ts';
import type { Heartbeat } from '../membership/messages.ts';
import { Note } from '../peer/reason-text.ts';
import type { OrderedSide } from '../replication/broadcast/ordered-side.ts';
import type { Replica } from '../replication/replica.ts';
import { RecentLag } from './recent-lag.ts';

export interface HealthPorts {
  readonly replica: Replica;
  /** Null at a level without views. */
  readonly ordered: OrderedSide | null;
  readonly clock: Clock;
  /** How often `onTick` is called. */
  readonly tickMs: number;
  /** How long the store took to answer last, or has taken so far, in milliseconds. */
  readonly storeAnswerMs: () => number;
}

/** What is wrong with this controller's journal, store and pace, as its heartbeats say it. */
export class Health {
  readonly #ports: HealthPorts;
  readonly #lag: RecentLag;
  readonly #journalNote = new Note();
  readonly #storeNote = new Note();

  constructor(ports: HealthPorts) {
    this.#ports = ports;
    this.#lag = new RecentLag(ports.clock, ports.tickMs);
  }

  get announcement(): Pick<Heartbeat, 'failing' | 'storeTrouble' | 'lagMs'> {
    return {
      failing: this.#journalNote.of(this.journalFailure),
      storeTrouble: this.#storeNote.of(this.#ports.replica.storeTrouble() ?? ''),
      lagMs: this.#lag.longestMs,
    };
  }

  /** Why the journal takes no writes, nor will in a moment; empty when it does. */
  get journalFailure(): string {
    const { ordered, replica } = this.#ports;
    if (ordered !== null) return ordered.journalFailure;
    const { state } = replica.journal;
    return state.writable || state.passing ? '' : state.reason;
  }

  onTick(): void {
    this.#lag.onTick(this.#ports.storeAnswerMs());
  }
}
