import type { Journal } from '../../journal/journal.ts';
import type { Effect } from '../../ordering/effect.ts';
import type { StreamProgress } from './stream-progress.ts';

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

  /** To be called at the end of each turn, and now and then: a disk that has refused is asked again. */
  step(progress: StreamProgress): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    const received = progress.allReceived();
    // mutant: acknowledges-unflushed
    this.#journal.whenDurable((error) => {
      if (error !== null) {
        this.#isAsked = false;
        return;
      }
      progress.keep(received);
      this.#onDurable();
    });
  }
}
