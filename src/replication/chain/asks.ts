import type { SequenceNumber } from '../../base/number-kinds.ts';
import type { Ballot } from '../../membership/ballot.ts';
import { conditionOf, type Draft, type Effect, effectBytes, effectOf } from '../../ordering/effect.ts';
import { NO_VERSION } from '../../ordering/version.ts';
import type { WriteDone } from '../ordered/proposed-write.ts';

/** A write of this controller that the head has not stamped yet, as far as is known here. */
export interface OpenAsk {
  readonly number: SequenceNumber;
  /** Without a version. */
  readonly effect: Effect;
  /** The view in which it was first asked for. */
  readonly askedIn: Ballot;
  readonly done: WriteDone;
}

/**
 * The writes that this controller has asked the head for, by number. Numbers go up by one in a run of a controller, and
 * are never used again, so that the head can tell a write that is asked for again from another one.
 */
export class Asks {
  /** By number, in order. */
  readonly #open = new Map<SequenceNumber, OpenAsk>();
  #last: SequenceNumber = 0;
  #sent: SequenceNumber = 0;
  #bytes = 0;

  get size(): number {
    return this.#open.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The outcomes of all writes up to this number are known, or come with requests in the queue. */
  get settled(): SequenceNumber {
    for (const number of this.#open.keys()) return number - 1;
    return this.#last;
  }

  /** Numbers a write that is not asked for but stamped here. */
  next(): SequenceNumber {
    return ++this.#last;
  }

  add(draft: Draft, askedIn: Ballot, done: WriteDone): void {
    const effect = effectOf(draft, NO_VERSION, conditionOf(draft));
    const number = this.next();
    this.#open.set(number, { number, effect, askedIn, done });
    this.#bytes += effectBytes(effect);
  }

  /** Takes the write out, if it is still open. */
  take(number: SequenceNumber): OpenAsk | undefined {
    const ask = this.#open.get(number);
    if (ask === undefined) return undefined;
    this.#open.delete(number);
    this.#bytes -= effectBytes(ask.effect);
    return ask;
  }

  /** All open writes have to be sent: to another head, or over a new link. */
  unsend(): void {
    this.#sent = 0;
  }

  /** The writes to send next; null when there are none. */
  takeUnsent(): AskRun | null {
    const asks: OpenAsk[] = [];
    let after = this.settled;
    for (const ask of this.#open.values()) {
      if (ask.number <= this.#sent) {
        after = ask.number;
        continue;
      }
      const last = asks.at(-1);
      if (last !== undefined && (ask.askedIn !== last.askedIn || ask.number !== last.number + 1)) break;
      asks.push(ask);
    }
    const last = asks.at(-1);
    if (last === undefined) return null;
    this.#sent = last.number;
    return { after, asks };
  }
}

/** Open writes with numbers in a row, all of them first asked for in the same view. */
export interface AskRun {
  /** The open write before them, or `settled`: what has a number in between needs no answer any more. */
  readonly after: SequenceNumber;
  readonly asks: readonly OpenAsk[];
}
