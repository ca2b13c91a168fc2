import { Fifo } from '../../base/fifo.ts';
import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';
import { type Ballot, NO_BALLOT } from '../../membership/ballot.ts';
import type { View } from '../../membership/view.ts';
import { conditionOf, type Draft, type Effect, effectOf, isOfKey } from '../../ordering/effect.ts';
import { compareVersions, NO_VERSION, sameVersion } from '../../ordering/version.ts';
import type { AgreementPorts, OrderAgreement } from '../ordered/agreement.ts';
import { DurableRequests } from '../ordered/durable-requests.ts';
import { outcomeOfOrphan, VIEW_CHANGED } from '../ordered/orphans.ts';
import type { Proposed, WriteDone } from '../ordered/proposed-write.ts';
import { Asks } from './asks.ts';
import type { ChainAsk, ChainDown, ChainMessage, ChainStable, ChainTold, Ticket } from './messages.ts';
import { Tickets } from './tickets.ts';

/** Writes that a controller asks for, with numbers in a row. */
type Questions = Pick<ChainAsk, 'firstNumber' | 'askedIn' | 'effects'>;

/** A request of this view, until it is known to be stable. */
interface Item {
  readonly seq: SequenceNumber;
  readonly effect: Effect;
  readonly ticket: Ticket;
}

/**
 * Agreement along a chain. The members of the view in their order are the chain; the first is the head, the last the
 * tail.
 *
 *  1. A controller asks the head for each of its writes. The head stamps writes in the order in which they come, and
 *     sends them to its successor. So each controller sends each value once.
 *  2. Each member queues a request and forwards it. With it goes how far this member, and every member before it,
 *     keeps the stream: with durability `sync`, on its disk.
 *  3. A request that the tail keeps, and every member before it, is stable. The tail tells all members.
 *  4. The controller that asked answers its client when it has applied the request. By then every member has it, so a
 *     later read anywhere finds it applied, or waits for it.
 *
 * Invariants, checked: the stream is received without a gap, in increasing versions, from the predecessor only; what is
 * stable has been received.
 *
 * What survives a change of view: a request that a member has received is in the union. A write that was asked for and
 * has not been seen is asked for again, from the new head, which knows by its number whether it was stamped
 * (`Tickets`). So no write is carried out twice.
 */
export class Chain implements OrderAgreement {
  readonly #ports: AgreementPorts;
  readonly #kept: DurableRequests | null;
  readonly #asks = new Asks();
  readonly #tickets = new Tickets();
  readonly #items = new Fifo<Item>();
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
  #settled: SequenceNumber[] = [];

  constructor(ports: AgreementPorts) {
    this.#ports = ports;
    this.#kept =
      ports.durability === 'sync' ? new DurableRequests(ports.replica.journal, () => this.#onKept()) : null;
  }

  get isAwaited(): boolean {
    return this.#asks.size > 0 || this.#stable < this.#received;
  }

  get waitingBytes(): number {
    return this.#asks.bytes;
  }

  begin({ ballot, members }: View, knewAll: boolean): void {
    const { node, idsEnd } = this.#ports;
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
    this.#settled = new Array<number>(idsEnd()).fill(0);
    this.#items.clear();
    this.#asks.unsend();
    this.#tickets.begin(ballot, members, knewAll);
  }

  install(): void {
    if (this.#isHead) this.#askHere();
  }

  write(draft: Draft, done: WriteDone): void {
    const { node, requestFlush, advance } = this.#ports;
    if (this.#isHead) {
      this.#stamp(draft, { node, number: this.#asks.next() }).onOutcome = done;
      this.#keep();
      if (this.#isTail) advance();
    } else {
      this.#asks.add(draft, this.#ballot, done);
    }
    requestFlush();
  }

  isStable({ seq }: Proposed): boolean {
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
    this.#keep();
    this.#sendDown();
    this.#sendAsks();
    this.#sendStable();
  }

  /** What the disk has held up goes on. */
  onTick(): void {
    if (this.#kept !== null || this.isAwaited) this.#ports.requestFlush();
  }

  /** What was sent last may be lost, and is sent again. */
  onPeerUp(peer: ControllerId): void {
    if (peer === this.#successor) {
      // mutant: chain-never-sends-again
      this.#sent = this.#stable;
      this.#sentKept = 0;
    }
    if (peer === this.#head) this.#asks.unsend();
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
        return this.#onAsk(from, message);
      case 'chain-down':
        return this.#onDown(from, message);
      case 'chain-stable':
        return this.#onStable(from, message);
      case 'chain-told':
        return from === this.#head ? this.#onTold(message) : 'it answers for the head, and is not the head';
    }
  }

  get #head(): ControllerId | undefined {
    return this.#members[0];
  }

  get #isHead(): boolean {
    return this.#predecessor === null;
  }

  get #isTail(): boolean {
    return this.#successor === null;
  }

  #onAsk(from: ControllerId, ask: ChainAsk): string | null {
    if (!this.#isHead) return 'it asks for writes, and this controller is not the head';
    if (!this.#members.includes(from)) return 'it asks for writes, and is no member of the view';
    this.#settle(from, ask.settled);
    // The next head is asked again.
    if (this.#ports.isEnding()) return null;
    // What is missing in between was lost with a link, and is asked for again.
    const known = Math.max(this.#tickets.last(from), ask.settled);
    if (ask.after <= known) this.#answer(from, ask);
    this.#keep();
    this.#ports.requestFlush();
    return null;
  }

  #answer(from: ControllerId, { firstNumber, askedIn, effects }: Questions): void {
    for (let i = 0; i < effects.length; i++) {
      const number = firstNumber + i;
      // mutant: stamps-twice
      if (number > this.#tickets.last(from) && this.#tickets.isKnown(askedIn))
        this.#stamp(effects[i]!, { node: from, number });
      else this.#tell(from, number);
    }
  }

  /** Of a write that was asked for in an earlier view: which version it got, if that is known. */
  #tell(to: ControllerId, number: SequenceNumber): void {
    const version = this.#tickets.versionOf(to, number) ?? NO_VERSION;
    this.#tickets.skip(to, number);
    const told: ChainTold = { type: 'chain-told', ballot: this.#ballot, number, version };
    if (to === this.#ports.node) this.#onTold(told);
    else this.#ports.bus.send(to, told);
  }

  #onTold({ number, version }: ChainTold): null {
    const { applied, replica } = this.#ports;
    if (compareVersions(version, applied()) > 0) return null;
    const ask = this.#asks.take(number);
    if (ask === undefined) return null;
    if (sameVersion(version, NO_VERSION)) ask.done(VIEW_CHANGED);
    else {
      const effect = effectOf(ask.effect, version, conditionOf(ask.effect));
      ask.done(outcomeOfOrphan(effect, isOfKey(effect) ? replica.journal.newest(effect.key) : undefined));
    }
    return null;
  }

  /** This controller has become the head: its own open writes go the way of those of other controllers. */
  #askHere(): void {
    const { node } = this.#ports;
    for (let run = this.#asks.takeUnsent(); run !== null; run = this.#asks.takeUnsent()) {
      const { asks } = run;
      const { number: firstNumber, askedIn } = asks[0]!;
      const effects = asks.map(({ effect }) => effect);
      this.#answer(node, { firstNumber, askedIn, effects });
    }
  }

  #stamp(draft: Draft, ticket: Ticket): Proposed {
    const effect = effectOf(draft, this.#ports.versions.stamp(), conditionOf(draft));
    return this.#take(effect, ticket);
  }

  /** Takes the next request of the stream. */
  #take(effect: Effect, ticket: Ticket): Proposed {
    const { node, queue } = this.#ports;
    const seq = ++this.#received;
    const request = queue.push(effect, seq);
    this.#tickets.add(ticket, effect.version);
    this.#items.push({ seq, effect, ticket });
    this.#kept?.hold(effect);
    const own = ticket.node === node ? this.#asks.take(ticket.number) : undefined;
    if (own !== undefined) request.onOutcome = own.done;
    return request;
  }

  #onDown(from: ControllerId, { firstSeq, effects, tickets, kept, settled }: ChainDown): string | null {
    if (from !== this.#predecessor) return 'it sends requests, and does not come before this controller';
    if (firstSeq > this.#received + 1) return 'it leaves requests out';
    const { queue, versions, applied } = this.#ports;
    for (let i = this.#received + 1 - firstSeq; i < effects.length; i++) {
      const effect = effects[i]!;
      const { version } = effect;
      const last = queue.newest()?.effect.version ?? NO_VERSION;
      if (version.node !== this.#head) return 'it sends a request that the head has not stamped';
      if (compareVersions(version, applied()) <= 0 || compareVersions(version, last) <= 0)
        return 'it sends a request after later ones';
      versions.observe(version.time);
      this.#take(effect, tickets[i]!);
    }
    if (kept > this.#received) return 'it keeps requests that it has not sent';
    this.#keptBefore = Math.max(this.#keptBefore, kept);
    for (const [node, number] of settled.entries()) this.#settle(node, number);
    this.#keep();
    this.#ports.requestFlush();
    return null;
  }

  #onStable(from: ControllerId, { seq }: ChainStable): string | null {
    if (from !== this.#members.at(-1)) return 'it says what is stable, and is not the tail';
    if (seq > this.#received) return 'it calls requests stable that never went past this controller';
    this.#becomeStable(seq);
    return null;
  }

  #settle(node: ControllerId, upTo: SequenceNumber): void {
    if (upTo <= (this.#settled[node] ?? 0)) return;
    this.#settled[node] = upTo;
    this.#tickets.settle(node, upTo);
  }

  /**
   * Nothing more is kept while the journal takes no writes, so that what the journal has to remember stays bounded.
   */
  #keep(): void {
    if (this.#kept === null && this.#ports.replica.journal.state.writable) this.#keptHere = this.#received;
    // mutant: tail-alone-is-stable
    if (this.#isTail) this.#becomeStable(Math.min(this.#keptHere, this.#keptBefore));
  }

  #onKept(): void {
    this.#keep();
    this.#ports.requestFlush();
    this.#ports.advance();
  }

  #becomeStable(seq: SequenceNumber): void {
    if (seq <= this.#stable) return;
    this.#stable = seq;
    for (
      let first = this.#items.first();
      first !== undefined && first.seq <= seq;
      first = this.#items.first()
    )
      this.#items.shift();
  }

  #sendDown(): void {
    if (this.#successor === null) return;
    const kept = Math.min(this.#keptHere, this.#keptBefore);
    if (this.#sent >= this.#received && this.#sentKept >= kept) return;
    const firstSeq = Math.max(this.#sent, this.#stable) + 1;
    const items = this.#items.filter(({ seq }) => seq >= firstSeq);
    this.#sent = this.#received;
    this.#sentKept = kept;
    this.#ports.bus.send(this.#successor, {
      type: 'chain-down',
      ballot: this.#ballot,
      firstSeq,
      effects: items.map(({ effect }) => effect),
      tickets: items.map(({ ticket }) => ticket),
      kept,
      settled: [...this.#settled],
    });
  }

  #sendAsks(): void {
    const head = this.#head;
    if (this.#isHead || head === undefined) return;
    for (let run = this.#asks.takeUnsent(); run !== null; run = this.#asks.takeUnsent()) {
      const { after, asks } = run;
      const { number: firstNumber, askedIn } = asks[0]!;
      this.#ports.bus.send(head, {
        type: 'chain-ask',
        ballot: this.#ballot,
        firstNumber,
        after,
        askedIn,
        settled: this.#asks.settled,
        effects: asks.map(({ effect }) => effect),
      });
    }
  }

  #sendStable(): void {
    if (!this.#isTail || this.#sentStable >= this.#stable) return;
    this.#sentStable = this.#stable;
    const others = this.#members.slice(0, -1);
    this.#ports.bus.sendTo(others, { type: 'chain-stable', ballot: this.#ballot, seq: this.#stable });
  }
}
