import type { Journal } from '../../journal/journal.ts';
import type { Effect } from '../../ordering/effect.ts';
import type { StreamProgress } from './stream-progress.ts';

/**
 * For durability `sync`: every request goes to disk when it is received, and counts as received, at its origin too,
 * once it is there. If only the origin had it on disk, a majority of the others could restart and have lost it.
 */
export class DurableRequests {
  readonly #journal: Journal;
  readonly #onKept: () => void;
  #isAsked = true;

  /** @param onKept more may be acknowledged */
  constructor(journal: Journal, onKept: () => void) {
    this.#journal = journal;
    this.#onKept = onKept;
  }

  hold(effect: Effect): void {
    this.#journal.stage(effect);
    this.#isAsked = false;
  }

  /** To be called at the end of each turn, and now and then: a disk that refused is asked again. */
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
      this.#onKept();
    });
  }
}
