import type { Journal } from '../../journal/journal.ts';
import type { Effect } from '../../ordering/effect.ts';

/**
 * With durability `sync` every request goes to disk when it is received, and counts as received only once it is
 * there. That holds at its origin, too: if only the origin had the request on disk, a majority of the others could
 * restart without it.
 */
export class DurableRequests {
  readonly #journal: Journal;
  readonly #onDurable: () => void;
  #isAsked = true;

  /** @param onDurable more may be acknowledged */
  constructor(journal: Journal, onDurable: () => void) {
    this.#journal = journal;
    this.#onDurable = onDurable;
  }

  hold(effect: Effect): void {
    this.#journal.stage(effect);
    this.#isAsked = false;
  }

  /**
   * To be called at the end of each turn, and now and then: a disk that has refused is asked again.
   *
   * @param received what has been received until now
   * @param keep called once all of that is on disk
   */
  step<Received>(received: Received, keep: (received: Received) => void): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    // mutant: acknowledges-unflushed
    this.#journal.whenDurable((error) => {
      if (error !== null) {
        this.#isAsked = false;
        return;
      }
      keep(received);
      this.#onDurable();
    });
  }
}
