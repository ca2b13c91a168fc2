import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';
import type { Ballot } from '../../membership/ballot.ts';
import type { Draft, Effect } from '../../ordering/effect.ts';
import { NO_VERSION, type Version } from '../../ordering/version.ts';
import { REPLIES } from '../../protocol/reply.ts';
import type { ConditionVerdict } from '../asked.ts';
import type { AgreementPorts } from '../ordered/agreement.ts';
import { ASKS_BYTES_MAX_QUEUES, Decisions } from './decisions.ts';
import { EarlyAsks } from './early-asks.ts';
import type { ChainAsk, ChainRequest, ChainTold } from './messages.ts';
import type { Tickets } from './tickets.ts';

export interface HeadPorts {
  readonly agreement: AgreementPorts;
  readonly tickets: Tickets;
  readonly ballot: () => Ballot;
  /** How far the stream has been stamped, and how far every member keeps it. */
  readonly received: () => SequenceNumber;
  readonly stable: () => SequenceNumber;
  /** Gives the write its version, and its place in the stream. */
  readonly stamp: (
    draft: Draft,
    from: ControllerId,
    number: SequenceNumber,
    verdictOf: ((version: Version) => ConditionVerdict) | null,
  ) => void;
  /** This controller has asked itself, and is told. */
  readonly onTold: (told: ChainTold) => void;
  readonly onVerdict: (number: SequenceNumber, verdict: ConditionVerdict) => void;
}

/**
 * What the head does for the members that ask: it stamps writes, and decides conditional requests.
 *
 *  1. The writes of a member are stamped in the order of their numbers. A message that comes after a lost one is left
 *     out, since everything that it asks for is asked for again, in order.
 *  2. A number that was stamped in this view or an earlier one is not stamped again. Its member is told the version.
 *  3. Nothing is stamped or decided without cluster time (`EarlyAsks`).
 */
export class Head {
  readonly #ports: HeadPorts;
  readonly #decisions: Decisions;
  readonly #early: EarlyAsks;
  /** By member, the largest number that it has asked for in this view. */
  #heard = new Map<ControllerId, SequenceNumber>();

  constructor(ports: HeadPorts) {
    const { agreement, received, stable, stamp, onVerdict } = ports;
    this.#ports = ports;
    this.#early = new EarlyAsks(ASKS_BYTES_MAX_QUEUES * agreement.queueBytesMax);
    this.#decisions = new Decisions({
      agreement,
      received,
      // mutant: verdict-before-it-is-applied
      stable: () => Math.min(stable(), this.#applied),
      stamp,
      tell: (to, number, verdict) => {
        if (to === agreement.node) onVerdict(number, verdict);
        else
          agreement.bus.send(to, {
            type: 'chain-verdict',
            ballot: ports.ballot(),
            number,
            verdict,
            stable: stable(),
          });
      },
    });
  }

  /**
   * How far the stream is applied here. What is stable is applied one by one, and with each of these a client may get
   * an answer and ask for more.
   */
  get #applied(): SequenceNumber {
    const { agreement, received } = this.#ports;
    const next = agreement.queue.head();
    return next === undefined ? received() : next.seq - 1;
  }

  /** Something waits for cluster time, for the lease, or until more is stable. */
  get isWaiting(): boolean {
    return !this.#early.isEmpty || this.#decisions.isHolding;
  }

  begin(): void {
    this.#heard = new Map();
    this.#early.take();
    this.#decisions.begin();
  }

  onPeerUp(peer: ControllerId): void {
    // mutant: verdict-over-a-new-link
    this.#decisions.forget(peer);
    this.#early.forget(peer);
  }

  /** To be called when more is stable, and every few milliseconds. */
  step(): void {
    this.#takeEarly();
    this.#decisions.step();
  }

  /** @returns what is wrong with the message; null when nothing is */
  onAsk(from: ControllerId, ask: ChainAsk | ChainRequest): string | null {
    const { agreement, tickets } = this.#ports;
    tickets.settle(from, ask.settled);
    // mutant: stamps-by-the-wall-clock
    if (!agreement.isTimed()) return this.#early.add(from, ask);
    this.#takeEarly();
    return this.#onAsk(from, ask);
  }

  /** There is cluster time, and from now on for ever. */
  #takeEarly(): void {
    const { isTimed, refuse } = this.#ports.agreement;
    if (this.#early.isEmpty || !isTimed()) return;
    for (const { from, ask } of this.#early.take()) {
      const flaw = this.#onAsk(from, ask);
      if (flaw !== null) refuse(from, flaw);
    }
  }

  #onAsk(from: ControllerId, ask: ChainAsk | ChainRequest): string | null {
    const { agreement } = this.#ports;
    // The next head is asked again.
    if (agreement.isEnding()) return null;
    const heard = Math.max(this.#heard.get(from) ?? 0, ask.settled);
    if (ask.after > heard) return null;
    const count = ask.type === 'chain-ask' ? ask.effects.length : ask.requests.length;
    let flaw: string | null = null;
    for (let i = 0; i < count && flaw === null; i++) flaw = this.#take(from, ask, i);
    this.#heard.set(from, Math.max(heard, ask.firstNumber + count - 1));
    return flaw;
  }

  #take(from: ControllerId, ask: ChainAsk | ChainRequest, i: number): string | null {
    const { tickets, stamp } = this.#ports;
    const number = ask.firstNumber + i;
    if (number <= ask.settled) return null;
    // mutant: stamps-twice
    if (tickets.stamped(from, number) !== undefined || !tickets.isKnown(ask.askedIn))
      this.#tell(from, number);
    else if (ask.type === 'chain-request') return this.#decisions.decide(from, number, ask.requests[i]!);
    else stamp(ask.effects[i]!, from, number, this.#verdictOn(ask.effects[i]!));
    return null;
  }

  /** A delete is answered with what it found. If the head dies, only the next head can tell that. */
  #verdictOn(effect: Effect): (() => ConditionVerdict) | null {
    if (effect.kind !== 'delete' || effect.condition !== null) return null;
    const { predict, replica } = this.#ports.agreement;
    const predicted = predict(effect.key);
    const finds = predicted === null ? replica.isLive(effect.key) : predicted.effect !== null;
    const reply = finds ? REPLIES.deleted : REPLIES.notFound;
    return () => ({ reply, keepsReadTime: false });
  }

  /** Of a write that was stamped, or may have been: which version it got, if that is known. */
  #tell(to: ControllerId, number: SequenceNumber): void {
    const { agreement, tickets, ballot, onTold } = this.#ports;
    const { version, decision } = tickets.stamped(to, number) ?? UNKNOWN;
    const told: ChainTold = { type: 'chain-told', ballot: ballot(), number, version, decision };
    if (to === agreement.node) onTold(told);
    else agreement.bus.send(to, told);
  }
}

const UNKNOWN = { version: NO_VERSION, decision: null } as const;
