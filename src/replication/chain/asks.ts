import { Fifo } from '../../base/fifo.ts';
import type { SequenceNumber } from '../../base/number-kinds.ts';
import type { Ballot } from '../../membership/ballot.ts';
import { conditionOf, type Draft, type Effect, effectBytes, effectOf } from '../../ordering/effect.ts';
import { NO_VERSION } from '../../ordering/version.ts';
import type { Asked } from '../asked.ts';
import type { WriteDone } from '../ordered/proposed-write.ts';
import type { DecidedDone } from '../scheme.ts';
import type { AskHeader, ChainAsk, ChainRequest } from './messages.ts';

interface Open {
  readonly number: SequenceNumber;
  /** The view in which it was first asked for. */
  readonly askedIn: Ballot;
  readonly bytes: number;
}

/** A write of this controller that the head has not stamped yet, as far as is known here. */
export interface OpenWrite extends Open {
  readonly kind: 'write';
  /** Without a version. */
  readonly effect: Effect;
  readonly done: WriteDone;
}

/** A conditional request of this controller that the head has not decided yet, as far as is known here. */
export interface OpenRequest extends Open {
  readonly kind: 'request';
  readonly asked: Asked;
  readonly done: DecidedDone;
}

export type OpenAsk = OpenWrite | OpenRequest;

/**
 * What this controller has asked the head for, by number. Numbers go up by one in a run of a controller, and are never
 * used again, so that the head can tell what is asked for again from something else.
 */
export class Asks {
  /** By number, in order. */
  readonly #open = new Map<SequenceNumber, OpenAsk>();
  /** Those that are to be sent, in order. Some may not be open any more. */
  #unsent = new Fifo<OpenAsk>();
  #last: SequenceNumber = 0;
  /** The largest number that was sent to this head over this link; 0 for none. */
  #sent: SequenceNumber = 0;
  #bytes = 0;

  get size(): number {
    return this.#open.size;
  }

  /** The number of the last one. */
  get last(): SequenceNumber {
    return this.#last;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The outcomes of everything up to this number are known, or come with requests in the queue. */
  get settled(): SequenceNumber {
    for (const number of this.#open.keys()) return number - 1;
    return this.#last;
  }

  /** Numbers a write that is not asked for but stamped here. */
  next(): SequenceNumber {
    return ++this.#last;
  }

  addWrite(draft: Draft, askedIn: Ballot, done: WriteDone): void {
    const effect = effectOf(draft, NO_VERSION, conditionOf(draft));
    this.#add({ kind: 'write', number: this.next(), askedIn, bytes: effectBytes(effect), effect, done });
  }

  addRequest(asked: Asked, askedIn: Ballot, done: DecidedDone): void {
    this.#add({ kind: 'request', number: this.next(), askedIn, bytes: askedBytes(asked), asked, done });
  }

  /** Undefined when it is not open. */
  open(number: SequenceNumber): OpenAsk | undefined {
    return this.#open.get(number);
  }

  /** Takes it out, if it is still open. */
  take(number: SequenceNumber): OpenAsk | undefined {
    const ask = this.#open.get(number);
    if (ask === undefined) return undefined;
    this.#open.delete(number);
    this.#bytes -= ask.bytes;
    return ask;
  }

  /** Everything that is open has to be sent: to another head, or over a new link. */
  unsend(): void {
    this.#sent = 0;
    this.#unsent = new Fifo();
    for (const ask of this.#open.values()) this.#unsent.push(ask);
  }

  /** The next message to the head; null when there is nothing to send. */
  takeUnsent(ballot: Ballot): ChainAsk | ChainRequest | null {
    const first = this.#nextUnsent();
    if (first === undefined) return null;
    const run: OpenAsk[] = [];
    for (let ask: OpenAsk | undefined = first; ask !== undefined; ask = this.#nextUnsent()) {
      const follows =
        ask.kind === first.kind && ask.askedIn === first.askedIn && ask.number === first.number + run.length;
      if (!follows) break;
      run.push(ask);
      this.#unsent.shift();
    }
    const { settled } = this;
    const after = this.#sent === 0 ? settled : this.#sent;
    this.#sent = first.number + run.length - 1;
    const header = { ballot, firstNumber: first.number, after, askedIn: first.askedIn, settled };
    return messageOf(header, run);
  }

  /** A message that asks for nothing: it tells what is settled. */
  nothing(ballot: Ballot): ChainAsk {
    const { settled } = this;
    const header = { ballot, firstNumber: settled + 1, after: settled, askedIn: ballot, settled };
    return { type: 'chain-ask', ...header, effects: [] };
  }

  #add(ask: OpenAsk): void {
    this.#open.set(ask.number, ask);
    this.#unsent.push(ask);
    this.#bytes += ask.bytes;
  }

  #nextUnsent(): OpenAsk | undefined {
    let next = this.#unsent.first();
    while (next !== undefined && !this.#open.has(next.number)) {
      this.#unsent.shift();
      next = this.#unsent.first();
    }
    return next;
  }
}

function messageOf(header: AskHeader, run: readonly OpenAsk[]): ChainAsk | ChainRequest {
  if (run[0]!.kind === 'request') {
    const requests = run.flatMap((ask) => (ask.kind === 'request' ? [ask.asked] : []));
    return { type: 'chain-request', ...header, requests };
  }
  const effects = run.flatMap((ask) => (ask.kind === 'write' ? [ask.effect] : []));
  return { type: 'chain-ask', ...header, effects };
}

/** The bytes of a request that waits, as the bounds count them: as an effect with its value. */
export function askedBytes({ request }: Asked): number {
  const valueBytes = request.kind === 'storage' ? request.value.length : 0;
  return ASKED_OVERHEAD_BYTES + request.key.length + valueBytes;
}

const ASKED_OVERHEAD_BYTES = 128;
