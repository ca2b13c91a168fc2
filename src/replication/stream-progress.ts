/**
 * How far each member of a view has received each origin's stream of requests, as known here.
 *
 * Invariant: acknowledgements only grow; a stream is stable up to the smallest of them.
 */
export class StreamProgress {
  readonly #node: number;
  readonly #nodes: number;
  readonly #members: readonly number[];
  /** `#acknowledged[member][origin]`; this node's own row is what has been received here. */
  readonly #acknowledged: number[][];
  readonly #stable: number[];

  /** @param nodes how many controllers are configured, members or not */
  constructor(node: number, nodes: number, members: readonly number[]) {
    this.#node = node;
    this.#nodes = nodes;
    this.#members = members;
    this.#acknowledged = Array.from({ length: nodes }, () => new Array<number>(nodes).fill(0));
    this.#stable = new Array<number>(nodes).fill(0);
  }

  /** Counts one more request of this origin as received here. @returns its place in the stream */
  receive(origin: number): number {
    const row = this.#acknowledged[this.#node]!;
    const seq = row[origin]! + 1;
    row[origin] = seq;
    // What an origin has sent, it has.
    this.#acknowledged[origin]![origin] = Math.max(seq, this.#acknowledged[origin]![origin]!);
    this.#update(origin);
    return seq;
  }

  received(origin: number): number {
    return this.#acknowledged[this.#node]![origin]!;
  }

  allReceived(): readonly number[] {
    return [...this.#acknowledged[this.#node]!];
  }

  acknowledged(member: number, origin: number): number {
    return this.#acknowledged[member]![origin]!;
  }

  onAcknowledged(member: number, received: readonly number[]): void {
    const row = this.#acknowledged[member]!;
    for (let origin = 0; origin < this.#nodes; origin++) {
      const seq = received[origin] ?? 0;
      if (seq <= row[origin]!) continue;
      row[origin] = seq;
      this.#update(origin);
    }
  }

  /** Every member has received this origin's stream up to here. */
  stableSeq(origin: number): number {
    return this.#stable[origin]!;
  }

  #update(origin: number): void {
    let smallest = Number.POSITIVE_INFINITY;
    for (const member of this.#members) {
      const acknowledged = this.#acknowledged[member]![origin]!;
      if (acknowledged < smallest) smallest = acknowledged;
    }
    this.#stable[origin] = smallest;
  }
}
