import { InvariantError } from '../../base/invariant-error.ts';

/**
 * Where a replica stands in the order of its group.
 *
 *   consistent  Outside of views. The state is one that members of a view had at some point of the order.
 *   unordered   Outside of views. The state is empty, or a view that was to begin with it was never installed: on
 *               single keys it may be ahead of the order.
 *   partial     Outside of views. A transfer has brought some writes and not all: no member ever had this state.
 *   adopted     A view was accepted with this state, and is not installed.
 *   serving     A view is installed.
 */
export type PhaseName = 'consistent' | 'unordered' | 'partial' | 'adopted' | 'serving';

/** The phases, and the transitions between them that are legal. Any other transition is a broken invariant. */
export class OrderPhase {
  #name: PhaseName;
  #isConsistent: boolean;
  #isAheadOfOrder = false;

  /** @param isEmpty there is no state from an earlier run */
  constructor(isEmpty: boolean) {
    this.#name = isEmpty ? 'unordered' : 'consistent';
    this.#isConsistent = !isEmpty;
  }

  get name(): PhaseName {
    return this.#name;
  }

  get isServing(): boolean {
    return this.#name === 'serving';
  }

  get isPartial(): boolean {
    return this.#name === 'partial';
  }

  /** A transfer may change the state, or is without effect. The state that a view was accepted with must not change. */
  get mayMerge(): boolean {
    return this.#name !== 'adopted';
  }

  /** The state is one that members of a view had at some point of the order: reads may be answered from it. */
  get isConsistent(): boolean {
    return this.#isConsistent;
  }

  /** The state was copied from a member: on single keys it may be ahead of the order. */
  get isAheadOfOrder(): boolean {
    return this.#isAheadOfOrder;
  }

  /** From any phase: a promise has ended this controller's part in all views so far. */
  becomeOutside(): void {
    if (this.#name === 'serving' || this.#name === 'adopted')
      this.#name = this.#isConsistent ? 'consistent' : 'unordered';
  }

  /** A transfer brings its first write. */
  becomePartial(): void {
    this.#leave('consistent', 'unordered');
    this.#name = 'partial';
    this.#isConsistent = false;
  }

  /** A view is accepted with this state. @param isCopied a transfer has brought the state up to that of a member */
  becomeAdopted(isCopied: boolean): void {
    this.#leave('consistent', 'unordered', 'partial');
    this.#name = 'adopted';
    this.#isAheadOfOrder = isCopied || !this.#isConsistent;
  }

  becomeServing(): void {
    this.#leave('adopted');
    this.#name = 'serving';
    this.#isConsistent = true;
  }

  /** While serving: everything is applied that the copied state may have been ahead of. */
  becomeInOrder(): void {
    this.#isAheadOfOrder = false;
  }

  #leave(...from: readonly PhaseName[]): void {
    if (!from.includes(this.#name))
      throw new InvariantError('a replica made a transition that its phase does not have', {
        phase: this.#name,
        expected: from,
      });
  }
}
