import { Fifo } from '../../base/fifo.ts';
import type { Journal } from '../../journal/journal.ts';

/**
 * The writes of this run that the local store has refused. Each was journalled when it was handed to the store, and
 * taken back in the journal when the store refused it.
 *
 * Until the second record is on disk, a crash brings the write back, on this controller alone. If a peer had been told
 * by then that it knows every write of this controller up to a later one, it would not ask for this one, and the
 * replicas would differ for ever. Therefore nothing later is claimed, pushed or answered before the second record is
 * on disk.
 */
export class RefusedWrites {
  readonly #journal: Journal;
  readonly #onGoneForGood: () => void;
  #count = 0;
  /** So many of them cannot come back. */
  #goneForGood = 0;
  /** What later writes have left to do, in their order. */
  readonly #waiting = new Fifo<() => void>();
  #isAskedForDisk = false;

  /** @param onGoneForGood called each time when no refused write can come back any more */
  constructor(journal: Journal, onGoneForGood: () => void) {
    this.#journal = journal;
    this.#onGoneForGood = onGoneForGood;
  }

  /** The journal has just taken a refused write back. */
  add(): void {
    this.#count++;
  }

  /** Whether a crash may bring a refused write back. If so, the disk is asked to flush early. */
  mayComeBack(): boolean {
    // mutant: claims-past-refused-write
    if (this.#goneForGood === this.#count) return false;
    this.#askForDisk();
    return this.#goneForGood !== this.#count;
  }

  /** Whether a later write has to wait, by `whenGone`. */
  isInTheWay(): boolean {
    return this.#waiting.length > 0 || this.mayComeBack();
  }

  /** Calls back once no refused write can come back, after those that have waited for longer. */
  whenGone(callback: () => void): void {
    this.#waiting.push(callback);
  }

  /** To be called every few milliseconds: a disk that has failed is asked again. */
  onTick(): void {
    if (this.#waiting.length > 0) this.#askForDisk();
  }

  #askForDisk(): void {
    if (this.#isAskedForDisk) return;
    this.#isAskedForDisk = true;
    const count = this.#count;
    this.#journal.whenDurable((error) => {
      this.#isAskedForDisk = false;
      if (error !== null) return;
      this.#goneForGood = count;
      while (this.#waiting.length > 0 && this.#goneForGood === this.#count) this.#waiting.shift()!();
      if (this.#goneForGood === this.#count) this.#onGoneForGood();
    });
  }
}
