import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';

/**
 * Reads that wait for the tail to say what holds. All that come in one event-loop turn share one question, and an
 * answer answers every question before it as well.
 */
export class Questions {
  #waiting: { readonly number: SequenceNumber; readonly callback: () => void }[] = [];
  #last: SequenceNumber = 0;
  #sent: SequenceNumber = 0;
  /** At the tail: by member, the newest question that is not answered. */
  #asked = new Map<ControllerId, SequenceNumber>();

  /** Another view has begun. Those that wait are to be called once it is installed. */
  begin(): void {
    this.#sent = 0;
    this.#asked.clear();
  }

  /** A member has asked. The next answer to it answers its earlier questions as well. */
  onAsked(from: ControllerId, number: SequenceNumber): void {
    this.#asked.set(from, number);
  }

  /** Takes out the questions that are not answered. */
  takeAsked(): ReadonlyMap<ControllerId, SequenceNumber> {
    const asked = this.#asked;
    if (asked.size > 0) this.#asked = new Map();
    return asked;
  }

  /** The callback belongs to the next question. */
  add(callback: () => void): void {
    this.#waiting.push({ number: this.#last + 1, callback });
  }

  /** The question to send; null when nothing new is asked. */
  takeUnsent(): SequenceNumber | null {
    const newest = this.#waiting.at(-1);
    if (newest === undefined || newest.number <= this.#sent) return null;
    this.#last = newest.number;
    this.#sent = newest.number;
    return newest.number;
  }

  /** What was asked has to be asked again: it may be lost. */
  unsend(): void {
    this.#sent = 0;
  }

  /** Takes out those that asked by this question, or by an earlier one. */
  take(number: SequenceNumber): readonly (() => void)[] {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter((one) => one.number > number);
    return waiting.filter((one) => one.number <= number).map(({ callback }) => callback);
  }

  takeAll(): readonly (() => void)[] {
    return this.take(Number.POSITIVE_INFINITY);
  }
}
