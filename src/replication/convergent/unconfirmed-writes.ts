import type { Journal, JournalRecord } from '../../journal/journal.ts';
import { recordOfEffect } from '../../journal/record-effect.ts';
import type { KeyEffect } from '../../ordering/effect.ts';
import { compareVersions } from '../../ordering/version.ts';

/** The writes of one key that the local store has not answered for yet. */
interface Unconfirmed {
  /** The newest write of the key that is confirmed: what is left if the store refuses all the others. */
  lastConfirmed: JournalRecord | undefined;
  count: number;
  /** Null while nothing waits for the store's answers. */
  waiting: Waiting[] | null;
}

interface Waiting {
  /** Answers of the store that are still to come before the callback is due. */
  answers: number;
  readonly callback: () => void;
}

/**
 * Remembers what the journal has to say if the store refuses a write that it has not answered for yet. That need not
 * be what the journal said before the write: writes of other controllers may have come in meanwhile, and lost against
 * this one.
 */
export class UnconfirmedWrites {
  readonly #journal: Journal;
  readonly #keys = new Map<string, Unconfirmed>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** The first `count` of the keys. */
  keys(count: number): string[] {
    return this.#keys.keys().take(count).toArray();
  }

  /** A write of this key is about to be journalled. */
  begin(key: string): void {
    const known = this.#keys.get(key);
    if (known !== undefined) known.count++;
    else this.#keys.set(key, { lastConfirmed: this.#journal.newest(key), count: 1, waiting: null });
  }

  /** Writes of this key wait for the store. */
  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /**
   * Calls back once the store has answered for every write of this key that it has been handed by now.
   * @returns false, and never calls, when there is none
   */
  afterAnswers(key: string, callback: () => void): boolean {
    const known = this.#keys.get(key);
    if (known === undefined) return false;
    known.waiting ??= [];
    known.waiting.push({ answers: known.count, callback });
    return true;
  }

  /** The store has answered. */
  end(effect: KeyEffect, stored: boolean): void {
    const known = this.#keys.get(effect.key)!;
    if (stored) this.confirm(effect);
    // mutant: keeps-refused-write
    else this.#journal.revert(effect.version, effect.key, known.lastConfirmed);
    known.count--;
    if (known.count === 0) {
      // Old tables of the map keep this object until a full collection. They must not keep the record as well.
      known.lastConfirmed = undefined;
      this.#keys.delete(effect.key);
    }
    if (known.waiting !== null) callDue(known, known.waiting);
  }

  /** A write of this key is confirmed, here or elsewhere. */
  confirm(effect: KeyEffect): void {
    const known = this.#keys.get(effect.key);
    if (known === undefined) return;
    const newer =
      known.lastConfirmed === undefined || compareVersions(known.lastConfirmed.version, effect.version) < 0;
    if (newer) known.lastConfirmed = recordOfEffect(effect);
  }
}

function callDue(known: Unconfirmed, waiting: readonly Waiting[]): void {
  for (const one of waiting) one.answers--;
  known.waiting = waiting.filter(({ answers }) => answers > 0);
  for (const { answers, callback } of waiting) if (answers === 0) callback();
}
