import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';

/**
 * How far each member of a view has received the stream of each origin, as known here.
 *
 * Invariant: acknowledgements only grow. A stream is stable up to the smallest of them.
 */
export class StreamProgress {
  readonly #node: ControllerId;
  readonly #members: readonly ControllerId[];
  readonly #waitsForDisk: boolean;
  readonly #received: SequenceNumber[];
  /**
   * `#acknowledged[member][origin]`; the row of this controller is what it acknowledges. The rows of ids that are no
   * members are empty: ids need not follow each other.
   */
  readonly #acknowledged: SequenceNumber[][];
  readonly #stable: number[];

  /**
   * @param members the only origins of the view
   * @param waitsForDisk received requests are acknowledged only when `keep` says so, by their origin as well
   */
  constructor(node: ControllerId, members: readonly ControllerId[], waitsForDisk = false) {
    this.#node = node;
    this.#members = members;
    this.#waitsForDisk = waitsForDisk;
    const idsEnd = Math.max(-1, ...members) + 1;
    const isIn = (id: ControllerId) => members.includes(id);
    this.#received = new Array<number>(idsEnd).fill(0);
    this.#acknowledged = Array.from({ length: idsEnd }, (_, id) =>
      new Array<number>(isIn(id) ? idsEnd : 0).fill(0),
    );
    this.#stable = new Array<number>(idsEnd).fill(0);
  }

  /** Counts one more request of this origin as received here. @returns its place in the stream */
  receive(origin: ControllerId): number {
    const seq = this.#received[origin]! + 1;
    this.#received[origin] = seq;
    if (this.#waitsForDisk) return seq;
    this.#acknowledged[this.#node]![origin] = seq;
    // An origin has what it has sent.
    this.#acknowledged[origin]![origin] = Math.max(seq, this.#acknowledged[origin]![origin]!);
    this.#update(origin);
    return seq;
  }

  received(origin: ControllerId): SequenceNumber {
    return this.#received[origin]!;
  }

  allReceived(): readonly number[] {
    return [...this.#received];
  }

  /** How far this controller acknowledges each stream. */
  allKept(): readonly number[] {
    return [...this.#acknowledged[this.#node]!];
  }

  /** Requests up to there are on disk here. */
  keep(received: readonly SequenceNumber[]): void {
    this.onAcknowledged(this.#node, received);
  }

  /** Members that have not acknowledged the request at this place of the origin's stream. */
  lacking(origin: ControllerId, seq: SequenceNumber): readonly number[] {
    return this.#members.filter((member) => (this.#acknowledged[member]![origin] ?? 0) < seq);
  }

  acknowledged(member: ControllerId, origin: ControllerId): SequenceNumber {
    return this.#acknowledged[member]![origin]!;
  }

  onAcknowledged(member: ControllerId, received: readonly SequenceNumber[]): void {
    const row = this.#acknowledged[member]!;
    for (const origin of this.#members) {
      const seq = received[origin] ?? 0;
      if (seq <= row[origin]!) continue;
      row[origin] = seq;
      this.#update(origin);
    }
  }

  /**
   * Every member has received this origin's stream up to here. An origin that is no member has no stream in this view:
   * its requests in the union of the queues have the place 0, and are stable.
   */
  stableSeq(origin: ControllerId): SequenceNumber {
    return this.#stable[origin] ?? 0;
  }

  #update(origin: ControllerId): void {
    let smallest = Number.POSITIVE_INFINITY;
    for (const member of this.#members) {
      const acknowledged = this.#acknowledged[member]![origin]!;
      if (acknowledged < smallest) smallest = acknowledged;
    }
    this.#stable[origin] = smallest;
  }
}
