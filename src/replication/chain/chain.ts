import { Fifo } from '../../base/fifo.ts';
import { InvariantError } from '../../base/invariant-error.ts';
import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';
import { type Ballot, NO_BALLOT } from '../../membership/ballot.ts';
import type { View } from '../../membership/view.ts';
import { conditionOf, type Draft, type Effect, effectOf } from '../../ordering/effect.ts';
import { compareVersions, NO_VERSION, type Version } from '../../ordering/version.ts';
import type { Asked, ConditionVerdict } from '../asked.ts';
import type { AgreementPorts, AskNumbers, OrderAgreement } from '../ordered/agreement.ts';
import { DurableRequests } from '../ordered/durable-requests.ts';
import type { Proposed, WriteDone } from '../ordered/proposed-write.ts';
import type { Arbiter, DecidedDone } from '../scheme.ts';
import { Asker } from './asker.ts';
import { Head } from './head.ts';
import { sentTo } from './left-out-values.ts';
import type {
  ChainAsk,
  ChainDown,
  ChainHolds,
  ChainMessage,
  ChainQuestion,
  ChainRequest,
  ChainStable,
  ChainVerdict,
  StreamItem,
  Ticket,
} from './messages.ts';
import { Questions } from './questions.ts';
import { Tickets } from './tickets.ts';

/**
 * Agreement along a chain. The members of the view in their order are the chain; the first is the head, the last the
 * tail.
 *
 *  1. A controller asks the head for each of its writes. The head stamps writes in the order in which they come,
 *     decides conditional requests at once (`Decisions`), and sends both to its successor. So each controller sends
 *     each value at most once; it does not go back to the controller that asked (`left-out-values.ts`).
 *  2. Each member queues a request and forwards it. With it goes how far this member, and every member before it,
 *     keeps the stream: with durability `sync`, on its disk.
 *  3. A request that the tail keeps, and every member before it, is stable. The tail tells all members.
 *  4. The controller that asked answers its client when it has applied the request. By then every member has it, so a
 *     later read anywhere finds it applied, or in the queue.
 *  5. A strong read that finds writes of its key in the queue asks the tail what holds. The tail names the place up to
 *     which the stream is stable. Nobody has been answered a later write, so what the stream leaves up to this place is
 *     what the read has to show: the member applies as much, and reads.
 *
 * Invariants, checked: the stream is received without a gap, in increasing versions, from the predecessor only; what is
 * stable has been received.
 *
 * What survives a change of view: a request that a member has received is in the union. What was asked for and has not
 * been seen is asked for again, from the new head, which knows by its number whether it was stamped (`Tickets`). So no
 * write is carried out twice.
 */
export class Chain implements OrderAgreement, Arbiter {
  readonly arbiter: Arbiter = this;
  readonly #ports: AgreementPorts;
  /** Null when what is kept need not be on the disk. */
  readonly #kept: DurableRequests | null;
  readonly #asker: Asker;
  readonly #tickets = new Tickets();
  readonly #questions = new Questions();
  readonly #head: Head;
  /** The requests after `#stable`, in the order of the stream. */
  readonly #items = new Fifo<StreamItem>();
  #ballot: Ballot = NO_BALLOT;
  /** From the head to the tail. */
  #members: readonly ControllerId[] = [];
  #predecessor: ControllerId | null = null;
  #successor: ControllerId | null = null;
  #received: SequenceNumber = 0;
  /** How far this controller keeps the stream, and how far every member before it does. */
  #keptHere: SequenceNumber = 0;
  #keptBefore: SequenceNumber = Number.POSITIVE_INFINITY;
  #stable: SequenceNumber = 0;
  /** What the successor, and all, were told last. */
  #sent: SequenceNumber = 0;
  #sentKept: SequenceNumber = 0;
  #sentStable: SequenceNumber = 0;

  constructor(ports: AgreementPorts) {
    this.#ports = ports;
    this.#kept =
      ports.durability === 'sync' ? new DurableRequests(ports.replica.journal, () => this.#onKept()) : null;
    this.#head = new Head({
      agreement: ports,
      tickets: this.#tickets,
      ballot: () => this.#ballot,
      received: () => this.#received,
      stable: () => this.#stable,
      stamp: (draft, node, number, verdictOf) => this.#stamp(draft, node, number, verdictOf),
      onTold: (told) => this.#asker.onTold(told),
      onVerdict: (number, verdict) => this.#asker.onVerdict(number, verdict),
    });
    this.#asker = new Asker(ports, NO_BALLOT, (ask) => this.#head.onAsk(ports.node, ask));
  }

  get isAwaited(): boolean {
    return this.#asker.isWaiting || this.#stable < this.#received;
  }

  get asks(): AskNumbers {
    return this.#asker;
  }

  begin({ ballot, members }: View, knewAll: boolean): void {
    const { node } = this.#ports;
    this.#ballot = ballot;
    this.#members = members.map((member) => member.node);
    const at = this.#members.indexOf(node);
    this.#predecessor = this.#members[at - 1] ?? null;
    this.#successor = this.#members[at + 1] ?? null;
    this.#received = 0;
    this.#keptHere = 0;
    this.#keptBefore = this.#predecessor === null ? Number.POSITIVE_INFINITY : 0;
    this.#stable = 0;
    this.#sent = 0;
    this.#sentKept = 0;
    this.#sentStable = 0;
    this.#items.clear();
    this.#questions.begin();
    this.#tickets.begin(ballot, members, knewAll);
    this.#asker.begin(ballot, this.#members[0]!);
    this.#head.begin();
  }

  /** The union is applied: it contains every write that was answered anywhere, so reads need not ask any more. */
  install(): void {
    for (const callback of this.#questions.takeAll()) callback();
    if (this.#isHead) this.#asker.send();
  }

  write(draft: Draft, done: WriteDone): void {
    const { node, requestFlush, advance } = this.#ports;
    if (this.#isHead) {
      this.#stamp(draft, node, this.#asker.next(), null).onOutcome = done;
      this.#keep();
      if (this.#isTail) advance();
    } else {
      this.#asker.write(draft, done);
    }
    requestFlush();
  }

  decide(asked: Asked, done: DecidedDone): void {
    if (!this.#ports.isServing()) throw new InvariantError('a request was begun while no view holds');
    this.#asker.decide(asked, done);
    this.#ports.requestFlush();
  }

  confirm(callback: () => void): void {
    // mutant: dirty-read
    if (!this.#isTail) this.#questions.add(callback);
    else {
      this.#ports.advance();
      return callback();
    }
    this.#ports.requestFlush();
  }

  isStable({ seq }: Proposed): boolean {
    // mutant: acknowledgement-overtakes
    return seq <= this.#stable;
  }

  lacking({ seq }: Proposed): readonly ControllerId[] {
    if (seq <= this.#stable) return [];
    return this.#members.slice(this.#members.indexOf(this.#ports.node) + 1);
  }

  flush(): void {
    const ballot = this.#ballot;
    this.#kept?.step(this.#received, (received) => {
      // mutant: keeps-for-another-view
      if (ballot === this.#ballot) this.#keptHere = Math.max(this.#keptHere, received);
    });
    if (!this.#ports.isServing()) return;
    if (this.#keep()) this.#ports.advance();
    this.#head.step();
    this.#sendDown();
    if (!this.#isHead) this.#asker.send();
    this.#sendStable();
    this.#sendQuestions();
  }

  /** What the disk has held up goes on, and the head learns what need not be remembered any more. */
  onTick(): void {
    if (this.#kept !== null || this.isAwaited || this.#head.isWaiting) this.#ports.requestFlush();
    this.#asker.sendSettled();
  }

  /** What was sent last may be lost, and is sent again. */
  onPeerUp(peer: ControllerId): void {
    if (peer === this.#successor) {
      // mutant: chain-never-sends-again
      this.#sent = this.#stable;
      this.#sentKept = 0;
    }
    this.#asker.onPeerUp(peer);
    this.#head.onPeerUp(peer);
    if (peer === this.#members.at(-1)) this.#questions.unsend();
    if (this.#isTail) this.#sentStable = 0;
    this.#ports.requestFlush();
  }

  onMessage(from: ControllerId, message: ChainMessage): void {
    const flaw = this.#onMessage(from, message);
    if (flaw !== null) this.#ports.refuse(from, flaw);
  }

  #onMessage(from: ControllerId, message: ChainMessage): string | null {
    switch (message.type) {
      case 'chain-ask':
      case 'chain-request':
        return this.#onAsk(from, message);
      case 'chain-down':
        return this.#onDown(from, message);
      case 'chain-stable':
        return this.#onStable(from, message);
      case 'chain-told':
        if (from !== this.#members[0]) return NOT_THE_HEAD;
        this.#asker.onTold(message);
        return null;
      case 'chain-verdict':
        return from === this.#members[0] ? this.#onVerdict(message) : NOT_THE_HEAD;
      case 'chain-question':
        return this.#onQuestion(from, message);
      case 'chain-holds':
        return this.#onHolds(from, message);
    }
  }

  get #isHead(): boolean {
    return this.#predecessor === null;
  }

  get #isTail(): boolean {
    return this.#successor === null;
  }

  #onAsk(from: ControllerId, ask: ChainAsk | ChainRequest): string | null {
    if (!this.#isHead) return 'it asks for writes, and this controller is not the head';
    if (!this.#members.includes(from)) return 'it asks for writes, and is no member of the view';
    const flaw = this.#head.onAsk(from, ask);
    this.#keep();
    this.#ports.requestFlush();
    return flaw;
  }

  #onVerdict({ number, verdict, stable }: ChainVerdict): string | null {
    if (stable > this.#received) return STABLE_UNSEEN;
    this.#becomeStable(stable);
    // The client may read here next, and must find what the verdict rests on.
    this.#ports.advance();
    this.#asker.onVerdict(number, verdict);
    return null;
  }

  #stamp(
    draft: Draft,
    node: ControllerId,
    number: SequenceNumber,
    verdictOf: ((version: Version) => ConditionVerdict) | null,
  ): Proposed {
    const version = this.#ports.versions.stamp();
    const effect = effectOf(draft, version, conditionOf(draft));
    this.#ports.requestFlush();
    return this.#take(effect, { node, number, verdict: verdictOf === null ? null : verdictOf(version) });
  }

  /** Takes the next request of the stream. */
  #take(effect: Effect, ticket: Ticket): Proposed {
    const { queue } = this.#ports;
    const seq = ++this.#received;
    const request = queue.push(effect, seq);
    this.#tickets.add(ticket, effect);
    this.#items.push({ effect, ticket });
    this.#kept?.hold(effect);
    request.onOutcome = this.#asker.onStamped(ticket, effect);
    return request;
  }

  #onDown(from: ControllerId, { firstSeq, effects, tickets, kept, settled }: ChainDown): string | null {
    if (from !== this.#predecessor) return 'it sends requests, and does not come before this controller';
    if (firstSeq > this.#received + 1) return 'it leaves requests out';
    const { queue, versions, applied } = this.#ports;
    for (let i = this.#received + 1 - firstSeq; i < effects.length; i++) {
      const effect = this.#asker.restore(effects[i]!, tickets[i]!);
      if (effect === null) return 'it sends a write without its value, which was not asked for here';
      const { version } = effect;
      const last = queue.newest()?.effect.version ?? NO_VERSION;
      if (version.node !== this.#members[0]) return 'it sends a request that the head has not stamped';
      if (compareVersions(version, applied()) <= 0 || compareVersions(version, last) <= 0)
        return 'it sends a request after later ones';
      versions.observe(version.time);
      this.#take(effect, tickets[i]!);
    }
    if (kept > this.#received) return 'it keeps requests that it has not sent';
    this.#keptBefore = Math.max(this.#keptBefore, kept);
    for (const [at, number] of settled.entries()) this.#tickets.settle(this.#members[at]!, number);
    this.#keep();
    this.#ports.requestFlush();
    return null;
  }

  #onStable(from: ControllerId, { seq }: ChainStable): string | null {
    if (from !== this.#members.at(-1)) return 'it says what is stable, and is not the tail';
    if (seq > this.#received) return STABLE_UNSEEN;
    this.#becomeStable(seq);
    return null;
  }

  #onQuestion(from: ControllerId, { number }: ChainQuestion): string | null {
    if (!this.#isTail) return 'it asks what holds, and this controller is not the tail';
    if (!this.#members.includes(from)) return 'it asks what holds, and is no member of the view';
    this.#questions.onAsked(from, number);
    this.#ports.requestFlush();
    return null;
  }

  #onHolds(from: ControllerId, { number, seq }: ChainHolds): string | null {
    if (from !== this.#members.at(-1)) return 'it says what holds, and is not the tail';
    if (seq > this.#received) return STABLE_UNSEEN;
    this.#becomeStable(seq);
    this.#ports.advance();
    for (const callback of this.#questions.take(number)) callback();
    return null;
  }

  /**
   * Nothing more is kept while the journal takes no writes, so that what the journal has to remember stays bounded.
   *
   * @returns true when more has become stable
   */
  #keep(): boolean {
    if (this.#kept === null && this.#ports.replica.journal.state.writable) this.#keptHere = this.#received;
    if (!this.#isTail) return false;
    // mutant: tail-alone-is-stable
    return this.#becomeStable(Math.min(this.#keptHere, this.#keptBefore));
  }

  #onKept(): void {
    this.#keep();
    this.#ports.requestFlush();
    this.#ports.advance();
  }

  #becomeStable(seq: SequenceNumber): boolean {
    if (seq <= this.#stable) return false;
    for (let stable = this.#stable; stable < seq; stable++) this.#items.shift();
    this.#stable = seq;
    return true;
  }

  #sendDown(): void {
    const { node, bus } = this.#ports;
    // What this controller stamps itself is in its queue: it never asks for it again.
    if (this.#isHead) this.#tickets.settle(node, this.#asker.settled);
    const successor = this.#successor;
    if (successor === null) return;
    const kept = Math.min(this.#keptHere, this.#keptBefore);
    if (this.#sent >= this.#received && this.#sentKept >= kept) return;
    const from = Math.max(this.#sent, this.#stable);
    const items = this.#items.after(from - this.#stable);
    this.#sent = this.#received;
    this.#sentKept = kept;
    bus.send(successor, {
      type: 'chain-down',
      ballot: this.#ballot,
      firstSeq: from + 1,
      effects: items.map((item) => sentTo(successor, item)),
      tickets: items.map(({ ticket }) => ticket),
      kept,
      settled: this.#members.map((member) => this.#tickets.settled(member)),
    });
  }

  #sendStable(): void {
    if (!this.#isTail || this.#sentStable >= this.#stable) return;
    this.#sentStable = this.#stable;
    const others = this.#members.slice(0, -1);
    this.#ports.bus.sendTo(others, { type: 'chain-stable', ballot: this.#ballot, seq: this.#stable });
  }

  /** The answer comes after everything that this turn has made stable, and is applied here. */
  #sendQuestions(): void {
    const { bus } = this.#ports;
    for (const [member, number] of this.#questions.takeAsked()) {
      // mutant: holds-what-is-received
      const seq = this.#stable;
      bus.send(member, { type: 'chain-holds', ballot: this.#ballot, number, seq });
    }
    const number = this.#isTail ? null : this.#questions.takeUnsent();
    if (number !== null)
      bus.send(this.#members.at(-1)!, { type: 'chain-question', ballot: this.#ballot, number });
  }
}

const NOT_THE_HEAD = 'it answers for the head, and is not the head';
const STABLE_UNSEEN = 'it calls requests stable that never went past this controller';
