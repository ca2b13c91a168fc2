import { InvariantError } from '../../../base/invariant-error.ts';

interface TimedEvent {
  readonly atMs: number;
  readonly run: () => void;
}

/** So many turns of the event loop without an event mean that what is waited for never comes. */
const IDLE_TURNS_MAX = 10_000;

/**
 * The time of a lab that runs in one process. It stands still but for events: each moves it to the moment at which the
 * event is due. After each event the event loop goes round once, so that embedded stores answer. Therefore the same
 * orders give the same events at the same times, however fast the machine is.
 */
export class VirtualTime {
  /** In order; of two with the same time, the one that was scheduled first. */
  readonly #events: TimedEvent[] = [];
  #nowMs = 0;
  #awaited = 0;
  /** Rejects when something goes wrong in an event. Null while nobody waits. */
  #running: Promise<void> | null = null;

  get nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): void {
    const atMs = this.#nowMs + delayMs;
    const place = this.#events.findLastIndex((event) => event.atMs <= atMs) + 1;
    this.#events.splice(place, 0, { atMs, run });
  }

  /** Lets events happen until the promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    this.#awaited++;
    this.#running ??= this.#run();
    try {
      return await Promise.race([promise, this.#running.then(never<T>)]);
    } finally {
      this.#awaited--;
    }
  }

  /** Lets time pass, with all events that are due in it. */
  async pass(ms: number): Promise<void> {
    await this.until(new Promise<void>((resolve) => this.after(ms, resolve)));
  }

  async #run(): Promise<void> {
    try {
      for (let idleTurns = 0; this.#awaited > 0; ) {
        const event = this.#events.shift();
        idleTurns = event === undefined ? idleTurns + 1 : 0;
        if (idleTurns > IDLE_TURNS_MAX) throw new InvariantError('the lab waits for what never happens');
        if (event !== undefined) {
          this.#nowMs = event.atMs;
          event.run();
        }
        await new Promise(setImmediate);
      }
    } finally {
      this.#running = null;
    }
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
