import type { Version } from '../ordering/version.ts';
import type { WriteOutcome } from './engine.ts';

/** Who waits for the outcome of an own write. */
interface Awaited {
  done: (outcome: WriteOutcome) => void;
}

/**
 * Who waits for the outcomes of own writes, from their proposal until they have been applied or left out.
 *
 * What is settled is let go of as well as taken out: V8 keeps the former tables of a map, with all that was in them when
 * they were given up, until a full collection, and until then every small one would copy those requests again.
 */
export class OwnOutcomes {
  readonly #awaited = new Map<number, Awaited>();

  /** @param version of this controller's */
  expect({ time }: Version, done: (outcome: WriteOutcome) => void): void {
    this.#awaited.set(time, { done });
  }

  /** Tells who waits; nobody does when it is settled already, or was proposed by a former run. */
  settle({ time }: Version, outcome: WriteOutcome): void {
    const awaited = this.#awaited.get(time);
    if (awaited === undefined) return;
    this.#awaited.delete(time);
    const { done } = awaited;
    awaited.done = nobody;
    done(outcome);
  }
}

function nobody(): void {}
