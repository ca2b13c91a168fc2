import type { Group } from '../../replication/group.ts';

/**
 * Asks groups for what they answer later, one thing at a time in a phase of a move. An answer that comes in another
 * phase counts for nothing.
 */
export class PhaseAsks {
  #phase = 0;
  #isWaiting = false;

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Another phase begins. */
  begin(): void {
    this.#phase++;
    this.#isWaiting = false;
  }

  /** Goes on when all have answered. Does nothing while something else is waited for. */
  each(groups: Iterable<Group>, ask: (group: Group, done: () => void) => void, then: () => void): void {
    if (this.#isWaiting) return;
    const asked = [...groups];
    if (asked.length === 0) return then();
    this.#isWaiting = true;
    const phase = this.#phase;
    let left = asked.length;
    const done = () => {
      left--;
      if (left > 0 || this.#phase !== phase) return;
      this.#isWaiting = false;
      then();
    };
    for (const group of asked) ask(group, done);
  }

  /** Goes on when the journals of these groups are on disk. @param then told why one can not be; null when all are */
  whenDurable(groups: Iterable<Group>, then: (trouble: string | null) => void): void {
    let trouble: string | null = null;
    this.each(
      groups,
      ({ replica }, done) =>
        replica.journal.whenDurable((error) => {
          trouble ??= error;
          done();
        }),
      () => then(trouble),
    );
  }
}
