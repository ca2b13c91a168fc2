import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';
import type { Ballot } from '../../membership/ballot.ts';
import { conditionOf, type Draft, type Effect, effectOf, isOfKey } from '../../ordering/effect.ts';
import { compareVersions, NO_VERSION, sameVersion } from '../../ordering/version.ts';
import type { Asked, ConditionVerdict } from '../asked.ts';
import type { AgreementPorts } from '../ordered/agreement.ts';
import { outcomeOfOrphan, VIEW_CHANGED } from '../ordered/orphans.ts';
import type { WriteDone } from '../ordered/proposed-write.ts';
import type { DecidedDone } from '../scheme.ts';
import { Asks, type OpenAsk } from './asks.ts';
import { restored } from './left-out-values.ts';
import type { ChainAsk, ChainRequest, ChainTold, Decision, Ticket } from './messages.ts';

type AskerPorts = Pick<AgreementPorts, 'node' | 'bus' | 'replica' | 'applied' | 'isServing'>;

/**
 * What this controller asks the head for, and what it is told. It asks itself where it is the head, so that what it has
 * asked for in an earlier view goes the way of what others ask for.
 */
export class Asker {
  readonly #ports: AskerPorts;
  readonly #asks = new Asks();
  /** Handles what this controller asks of itself. */
  readonly #askHere: (ask: ChainAsk | ChainRequest) => void;
  #ballot: Ballot;
  #head: ControllerId | null = null;
  /** What the head was told last of the outcomes that are known here. */
  #sentSettled: SequenceNumber = 0;

  constructor(ports: AskerPorts, ballot: Ballot, askHere: (ask: ChainAsk | ChainRequest) => void) {
    this.#ports = ports;
    this.#ballot = ballot;
    this.#askHere = askHere;
  }

  get isWaiting(): boolean {
    return this.#asks.size > 0;
  }

  get bytes(): number {
    return this.#asks.bytes;
  }

  /** See `Asks.last`. */
  get last(): SequenceNumber {
    return this.#asks.last;
  }

  /** See `Asks.settled`. */
  get settled(): SequenceNumber {
    return this.#asks.settled;
  }

  /** The head remembers writes of this controller whose outcomes are known here. */
  get isAhead(): boolean {
    return this.#head !== this.#ports.node && this.#asks.settled > this.#sentSettled;
  }

  begin(ballot: Ballot, head: ControllerId): void {
    this.#ballot = ballot;
    this.#head = head;
    this.#sentSettled = 0;
    this.#asks.unsend();
  }

  /** Numbers a write that is not asked for but stamped here. */
  next(): SequenceNumber {
    return this.#asks.next();
  }

  write(draft: Draft, done: WriteDone): void {
    this.#asks.addWrite(draft, this.#ballot, done);
  }

  decide(asked: Asked, done: DecidedDone): void {
    this.#asks.addRequest(asked, this.#ballot, done);
    if (this.#head === this.#ports.node) this.send();
  }

  /** The link to the peer is new: what was sent last may be lost. */
  onPeerUp(peer: ControllerId): void {
    if (peer === this.#head) this.#asks.unsend();
  }

  /** Sends what was not sent yet. */
  send(): void {
    for (
      let ask = this.#asks.takeUnsent(this.#ballot);
      ask !== null;
      ask = this.#asks.takeUnsent(this.#ballot)
    )
      this.#send(ask);
  }

  /** Sends what is settled, where nothing else has told it. */
  sendSettled(): void {
    if (this.isAhead && this.#ports.isServing()) this.#send(this.#asks.nothing(this.#ballot));
  }

  /**
   * A request comes along the chain. Of a set that this controller has asked for, the value is still here.
   *
   * @returns the request with its value; null when this controller has not asked for it
   */
  restore(effect: Effect, { node, number, verdict }: Ticket): Effect | null {
    if (effect.kind !== 'set' || effect.value !== null) return effect;
    if (node !== this.#ports.node || verdict !== null) return effect;
    // mutant: takes-own-write-without-value
    return restored(effect, this.#asks.open(number));
  }

  /** A request has come along the chain. @returns who waits for it here; null for nobody */
  onStamped({ node, number, verdict }: Ticket, effect: Effect): WriteDone | null {
    const own = node === this.#ports.node ? this.#asks.take(number) : undefined;
    return own === undefined ? null : outcomeFor(own, effect, verdict);
  }

  /**
   * What was stamped in an earlier view, and was received by this head, was in the union of each view since. By now it
   * is applied here.
   */
  onTold({ number, version, decision }: ChainTold): void {
    const { applied, replica } = this.#ports;
    // It comes along the chain.
    if (compareVersions(version, applied()) > 0) return;
    const ask = this.#asks.take(number);
    if (ask === undefined) return;
    if (sameVersion(version, NO_VERSION)) ask.done(VIEW_CHANGED);
    else if (ask.kind === 'request') tellAgain(ask.done, decision);
    else if (conditionOf(ask.effect) !== null) {
      const effect = effectOf(ask.effect, version, conditionOf(ask.effect));
      ask.done(outcomeOfOrphan(effect, isOfKey(effect) ? replica.journal.newest(effect.key) : undefined));
    } else ask.done({ kind: 'applied', existed: hasFound(decision), version });
  }

  onVerdict(number: SequenceNumber, verdict: ConditionVerdict): void {
    const ask = this.#asks.take(number);
    if (ask?.kind === 'request') ask.done({ kind: 'decided', verdict, effect: null, applied: null });
  }

  #send(ask: ChainAsk | ChainRequest): void {
    this.#sentSettled = ask.settled;
    if (this.#head === this.#ports.node) this.#askHere(ask);
    else if (this.#head !== null) this.#ports.bus.send(this.#head, ask);
  }
}

/** A verdict that is missing for a conditional request comes from a head that is not right: nothing is known then. */
function outcomeFor(own: OpenAsk, effect: Effect, verdict: ConditionVerdict | null): WriteDone {
  if (own.kind === 'write') return own.done;
  const { done } = own;
  if (verdict === null || !isOfKey(effect)) return () => done(VIEW_CHANGED);
  return (outcome) =>
    done(outcome.kind === 'applied' ? { kind: 'decided', verdict, effect, applied: outcome } : outcome);
}

/** A delete found an entry. Of other writes nobody asks. */
function hasFound(decision: Decision | null): boolean {
  const reply = decision?.verdict.reply;
  return reply?.kind === 'outcome' && reply.outcome === 'deleted';
}

function tellAgain(done: DecidedDone, decision: Decision | null): void {
  if (decision === null) done(VIEW_CHANGED);
  else done({ kind: 'decided', ...decision, applied: null });
}
