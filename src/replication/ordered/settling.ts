import type { SequenceNumber } from '../../base/number-kinds.ts';
import type { Version } from '../../ordering/version.ts';
import type { RequestOrder } from './request-order.ts';

interface Waiting {
  /** The last write that this controller had asked for when it began to wait. */
  readonly asked: SequenceNumber;
  /** The newest request in the queue, once a lease was held; null until then. */
  newest: Version | null;
  readonly done: () => void;
}

/**
 * Tells when this controller has settled the writes that it had begun before, and has applied every write that was
 * answered anywhere before.
 *
 *  1. A write of its own that it has asked for is in the queue, or its outcome is known.
 *  2. Then the controller holds a lease. So no newer view was installed until now, and every write that was answered
 *     anywhere is applied here or in the queue: all members of its view had received it.
 *  3. Everything that was in the queue then is applied, or was left out by a view that is installed here.
 *
 * What earlier runs of this controller had asked for is settled as well: the members that this run serves with have
 * left the views of those runs, and use no message of them any more.
 */
export class Settling {
  readonly #order: RequestOrder;
  readonly #holdsLease: () => boolean;
  #waiting: readonly Waiting[] = [];

  constructor(order: RequestOrder, holdsLease: () => boolean) {
    this.#order = order;
    this.#holdsLease = holdsLease;
  }

  add(done: () => void): void {
    this.#waiting = [...this.#waiting, { asked: this.#order.asks?.last ?? 0, newest: null, done }];
    this.step();
  }

  /** To be called every few milliseconds. */
  step(): void {
    if (this.#waiting.length === 0) return;
    const settled = this.#waiting.filter((one) => this.#isSettled(one));
    this.#waiting = this.#waiting.filter((one) => !settled.includes(one));
    for (const { done } of settled) done();
  }

  #isSettled(one: Waiting): boolean {
    const order = this.#order;
    if (one.newest === null) {
      // mutant: settled-without-lease
      if ((order.asks?.settled ?? 0) < one.asked || !this.#holdsLease()) return false;
      one.newest = order.newestQueued;
    }
    return order.isPast(one.newest);
  }
}
