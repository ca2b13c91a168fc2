import type { RequestFailure } from '../../base/error-codes.ts';
import { Fifo } from '../../base/fifo.ts';
import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';
import type { Draft, EntryEffect } from '../../ordering/effect.ts';
import { NO_VERSION, sameVersion, type Version } from '../../ordering/version.ts';
import { failed } from '../../protocol/reply.ts';
import type { ConditionalRequest } from '../../protocol/request.ts';
import type { Entry } from '../../store/entry.ts';
import type { Asked, ConditionVerdict } from '../asked.ts';
import { baseIn, type DifferenceBase, type Evaluation, type ExistingEntry, entryIn } from '../evaluation.ts';
import type { AgreementPorts } from '../ordered/agreement.ts';
import { askedBytes } from './asks.ts';
import { ASKS_TOO_MUCH } from './early-asks.ts';
import { ValueReads } from './value-reads.ts';

/** A conditional request that the head has been asked to decide, and has not answered. */
interface Undecided {
  readonly from: ControllerId;
  readonly number: SequenceNumber;
  readonly asked: Asked;
}

/** What one controller has asked for. */
interface OpenOf {
  readonly byNumber: Map<SequenceNumber, Undecided>;
  bytes: number;
}

/** A verdict that changes nothing, until everything is stable that it rests on. */
interface Held {
  readonly undecided: Undecided;
  readonly verdict: ConditionVerdict;
  /** A place in the stream. */
  readonly after: SequenceNumber;
}

export interface DecisionsPorts {
  readonly agreement: Pick<
    AgreementPorts,
    | 'queueBytesMax'
    | 'replica'
    | 'reads'
    | 'evaluator'
    | 'holdsLease'
    | 'predict'
    | 'afterPending'
    | 'takesDifferences'
    | 'isEnding'
    | 'isServing'
  >;
  /** How far the stream has been stamped; and how far every member keeps it, and the head has applied it. */
  readonly received: () => SequenceNumber;
  readonly stable: () => SequenceNumber;
  /** Stamps the change, and sends it along the chain. */
  readonly stamp: (
    draft: Draft,
    from: ControllerId,
    number: SequenceNumber,
    verdictOf: (version: Version) => ConditionVerdict,
  ) => void;
  /** Tells the controller that asked, which may be this one. */
  readonly tell: (to: ControllerId, number: SequenceNumber, verdict: ConditionVerdict) => void;
}

/**
 * The conditional requests that the head decides, in one pass:
 *
 *  1. A request is evaluated on the newest state of its key: what the newest write under way leaves or, where there is
 *     none, what has been applied. The head stamps all writes, so nothing newer exists.
 *  2. If the evaluation changes something, the change is stamped in the same step. Therefore no other write can come in
 *     between, and the request is never tried again.
 *  3. If it changes nothing, it is a read. It is answered once all writes under way are stable that the head had
 *     stamped by then: before that, a change of view might still undo what the answer tells. They are also applied at
 *     the head by then, where the client may read next. And the head has to hold its lease then, so that no newer view
 *     has answered writes that the head does not know.
 *  4. The value of an entry without writes under way comes from the store. Requests for the same key wait for it
 *     together, and are then decided in the order in which they came. Requests for other keys overtake them: a
 *     controller asks for nothing on behalf of a connection that waits for such an answer, so no order is broken.
 *  5. A write under way that is a difference does not have the value. It is enough for another difference. Any other
 *     request that needs the value waits until the writes under way on its key are applied, and then for the value.
 *     While it waits, no further difference is stamped for the key; so it does not wait for ever.
 *
 * All of it belongs to one view, and ends with the head's promise to another one. The controllers that have asked ask
 * the head of the next view again. In the same way, what has come over a link ends with the link (`forget`).
 */
export class Decisions {
  readonly #ports: DecisionsPorts;
  readonly #values: ValueReads;
  /** By controller, what is not answered. */
  #open = new Map<ControllerId, OpenOf>();
  /** By key: those that wait for the value, in the order in which they came. */
  #byKey = new Map<string, Undecided[]>();
  readonly #held = new Fifo<Held>();

  constructor(ports: DecisionsPorts) {
    this.#ports = ports;
    this.#values = new ValueReads(ports.agreement.reads);
  }

  /** Verdicts wait until more is stable, or for the lease. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** Another view has begun: what was asked for is forgotten. */
  begin(): void {
    this.#values.forget();
    this.#open = new Map();
    this.#byKey = new Map();
    this.#held.clear();
  }

  /**
   * The link to the controller is new, and the controller asks again for all that it has no answer to. What it has
   * asked for on the old link must not be answered on the new one. Such a verdict would meet the same request, coming
   * the other way. The client would have its answer, and the request would be decided a second time.
   */
  forget(from: ControllerId): void {
    if (!this.#open.delete(from)) return;
    const isOfOther = (undecided: Undecided) => undecided.from !== from;
    for (const [key, waiting] of this.#byKey) this.#byKey.set(key, waiting.filter(isOfOther));
    const held = this.#held.filter(({ undecided }) => isOfOther(undecided));
    this.#held.clear();
    for (const one of held) this.#held.push(one);
  }

  /**
   * Decides the request, now or once its value has come. A request that is being decided is not decided twice.
   *
   * @returns what is wrong with the controller that asks; null when nothing is
   */
  decide(from: ControllerId, number: SequenceNumber, asked: Asked): string | null {
    const open = this.#openOf(from);
    if (open.byNumber.has(number)) return null;
    const bytes = open.bytes + askedBytes(asked);
    if (bytes > ASKS_BYTES_MAX_QUEUES * this.#ports.agreement.queueBytesMax) return ASKS_TOO_MUCH;
    const undecided: Undecided = { from, number, asked };
    open.bytes = bytes;
    open.byNumber.set(number, undecided);
    this.#decide(undecided);
    return null;
  }

  /** To be called when more is stable, and every few milliseconds. */
  step(): void {
    const { holdsLease } = this.#ports.agreement;
    const stable = this.#ports.stable();
    for (let first = this.#held.first(); first !== undefined; first = this.#held.first()) {
      if (first.after > stable || !holdsLease()) return;
      this.#held.shift();
      this.#answer(first.undecided, first.verdict);
    }
  }

  #openOf(from: ControllerId): OpenOf {
    const known = this.#open.get(from);
    if (known !== undefined) return known;
    const open: OpenOf = { byNumber: new Map(), bytes: 0 };
    this.#open.set(from, open);
    return open;
  }

  #decide(undecided: Undecided): void {
    const { replica, evaluator, predict } = this.#ports.agreement;
    const { request } = undecided.asked;
    const { key } = request;
    // mutant: head-decides-on-applied
    const predicted = predict(key);
    if (predicted !== null) return this.#decideOn(undecided, predicted.effect);
    const base = this.#byKey.has(key) ? null : this.#baseOnDisk(request);
    if (base === null && evaluator.needsValue(request)) return this.#awaitValue(undecided);
    const record = replica.isLive(key) ? replica.journal.newest(key) : undefined;
    this.#settle(undecided, record === undefined ? null : { ...record, flags: 0, value: EMPTY, base }, 0);
  }

  /** @param effect the newest write under way on the key */
  #decideOn(undecided: Undecided, effect: EntryEffect | null): void {
    const { evaluator } = this.#ports.agreement;
    const { request } = undecided.asked;
    const base = this.#takesDifferences ? baseIn(effect) : null;
    if (effect?.kind === 'join' && evaluator.needsValue(request)) {
      const isEnough = base !== null && evaluator.addsTo(request, base);
      // mutant: decides-without-the-value
      if (!isEnough || this.#byKey.has(request.key)) return this.#awaitDifferences(undecided);
    }
    this.#settle(undecided, entryIn(effect, base), this.#ports.received());
  }

  get #takesDifferences(): boolean {
    return this.#ports.agreement.takesDifferences();
  }

  #baseOnDisk(request: ConditionalRequest): DifferenceBase | null {
    if (!this.#takesDifferences) return null;
    const { replica, evaluator } = this.#ports.agreement;
    const base = replica.baseOnDisk(request.key);
    return base !== null && evaluator.addsTo(request, base) ? base : null;
  }

  #awaitValue(undecided: Undecided): void {
    if (this.#isFirstOfKey(undecided)) this.#readValue(undecided);
  }

  /** The value is read once the differences under way have been applied. */
  #awaitDifferences(undecided: Undecided): void {
    if (!this.#isFirstOfKey(undecided)) return;
    const ofView = this.#byKey;
    this.#ports.agreement.afterPending(undecided.asked.request.key, () => {
      if (this.#byKey === ofView) this.#readValue(undecided);
    });
  }

  /** Has it wait for the value of its key. @returns false when others wait already, for whom the value is read */
  #isFirstOfKey(undecided: Undecided): boolean {
    const { key } = undecided.asked.request;
    const waiting = this.#byKey.get(key);
    if (waiting === undefined) this.#byKey.set(key, [undecided]);
    else waiting.push(undecided);
    return waiting === undefined;
  }

  #readValue({ from, asked }: Undecided): void {
    const { key } = asked.request;
    this.#values.read(from, key, (failure, entry) => this.#onValue(key, failure, entry));
  }

  /** A write of the key may have been stamped, and even applied, while its value was read. */
  #onValue(key: string, failure: RequestFailure | null, entry: Entry | null): void {
    const waiting = this.#byKey.get(key) ?? [];
    const { replica, predict } = this.#ports.agreement;
    this.#byKey.delete(key);
    for (const undecided of waiting) {
      const isNewest =
        entry === null ? !replica.isLive(key) : sameVersion(entry.version, replica.currentVersion(key));
      if (predict(key) !== null) this.#decide(undecided);
      else if (failure !== null) this.#answer(undecided, { reply: failed(failure), keepsReadTime: false });
      else if (isNewest) this.#settle(undecided, entry === null ? null : this.#existing(key, entry), 0);
      else this.#awaitValue(undecided);
    }
  }

  #existing(key: string, entry: Entry): ExistingEntry {
    const chain = this.#takesDifferences ? this.#ports.agreement.replica.journal.chainOf(key) : null;
    const base = chain === null ? null : { valueBytes: entry.value.length, chain };
    return { ...entry, readAtSec: 0, base };
  }

  /** @param after the place in the stream that the state rests on; 0 where it is applied */
  #settle(undecided: Undecided, found: ExistingEntry | null, after: SequenceNumber): void {
    const { evaluator, isEnding, isServing } = this.#ports.agreement;
    // mutant: decides-after-promise
    if (!isServing()) return;
    const { from, number, asked } = undecided;
    const evaluation = evaluator.evaluate(asked.request, seenBy(asked, found));
    if (evaluation.change === null) return this.#hold(undecided, evaluation, after);
    // The controller asks the next head.
    if (isEnding()) return;
    this.#close(undecided);
    const isInPlace = asked.request.kind !== 'storage' && evaluation.isNewItem !== true;
    const keepsReadTime = isInPlace && found !== null && isSeen(asked, found.version);
    // The decision is final, so the change needs no condition; but a difference is nothing without its base.
    const condition = evaluation.change.kind === 'join' ? found!.version : null;
    const draft = { ...evaluation.change, key: asked.request.key, condition } as Draft;
    this.#ports.stamp(draft, from, number, (version) => ({
      reply: evaluation.reply(version),
      keepsReadTime,
    }));
  }

  #hold(undecided: Undecided, evaluation: Evaluation, after: SequenceNumber): void {
    const verdict: ConditionVerdict = { reply: evaluation.reply(NO_VERSION), keepsReadTime: false };
    // mutant: verdict-on-unacknowledged
    if (after <= this.#ports.stable() && this.#ports.agreement.holdsLease())
      return this.#answer(undecided, verdict);
    this.#held.push({ undecided, verdict, after: this.#ports.received() });
  }

  #answer(undecided: Undecided, verdict: ConditionVerdict): void {
    this.#close(undecided);
    this.#ports.tell(undecided.from, undecided.number, verdict);
  }

  #close({ from, number, asked }: Undecided): void {
    const open = this.#openOf(from);
    open.byNumber.delete(number);
    open.bytes -= askedBytes(asked);
  }
}

function isSeen({ lastRead }: Asked, version: Version): boolean {
  return lastRead !== null && sameVersion(lastRead.version, version);
}

/** The entry as the controller that was asked sees it: only it knows when it has read the entry. */
function seenBy(asked: Asked, found: ExistingEntry | null): ExistingEntry | null {
  if (found === null) return null;
  return { ...found, readAtSec: isSeen(asked, found.version) ? asked.lastRead!.atSec : 0 };
}

const EMPTY = Buffer.alloc(0);

/** A controller may have asked for so many times `queue_bytes_max` of this one; it bounds that by its own setting. */
export const ASKS_BYTES_MAX_QUEUES = 4;
