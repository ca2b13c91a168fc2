import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';
import { type Ballot, NO_BALLOT } from '../../membership/ballot.ts';
import type { View } from '../../membership/view.ts';
import { conditionOf, type Draft, type Effect, effectOf } from '../../ordering/effect.ts';
import type { AgreementPorts, OrderAgreement } from '../ordered/agreement.ts';
import { DurableRequests } from '../ordered/durable-requests.ts';
import type { Proposed, WriteDone } from '../ordered/proposed-write.ts';
import { frameFlaw } from './frame-flaw.ts';
import type { OrderedFrame } from './messages.ts';
import { StreamProgress } from './stream-progress.ts';

/**
 * An agreement without a leader.
 *
 *  1. The origin stamps a request and sends it to every member. Receiving it moves a member's clock past its version.
 *  2. Each member tells every member how far it has received the stream of each origin.
 *  3. A request that every member has received is stable. A member stamps only larger versions from then on, and what
 *     it stamped before came ahead of its acknowledgement, on the same FIFO link. Therefore no smaller version can
 *     still arrive.
 *
 * Invariant, checked: a stream is received without a gap.
 */
export class Broadcast implements OrderAgreement {
  readonly arbiter = null;
  readonly confirm = null;
  readonly #ports: AgreementPorts;
  #progress: StreamProgress;
  /** Null when acknowledgements do not wait for the disk. */
  readonly #kept: DurableRequests | null;
  #ballot: Ballot = NO_BALLOT;
  /** The other members of the view. */
  #others: readonly ControllerId[] = [];
  #sentSeq = 0;
  #outbox: Effect[] = [];
  #acknowledge = false;
  constructor(ports: AgreementPorts) {
    this.#ports = ports;
    this.#progress = new StreamProgress(ports.node, []);
    this.#kept =
      ports.durability === 'sync' ? new DurableRequests(ports.replica.journal, () => this.#onKept()) : null;
  }

  /** A write is stamped here, and in the queue at once. */
  readonly asks = null;

  get isAwaited(): boolean {
    return this.#acknowledge;
  }

  begin({ ballot, members }: View): void {
    const { node } = this.#ports;
    this.#ballot = ballot;
    const nodesOfView = members.map((member) => member.node);
    this.#others = nodesOfView.filter((member) => member !== node);
    this.#progress = new StreamProgress(node, nodesOfView, this.#kept !== null);
    this.#sentSeq = 0;
    this.#outbox = [];
  }

  install(): void {
    this.#acknowledge = true;
  }

  write(draft: Draft, done: WriteDone): void {
    const { node, versions, queue, requestFlush, advance } = this.#ports;
    const effect = effectOf(draft, versions.stamp(), conditionOf(draft));
    const seq = this.#progress.receive(node);
    queue.push(effect, seq).onOutcome = done;
    this.#kept?.hold(effect);
    this.#outbox.push(effect);
    requestFlush();
    if (this.#others.length === 0) advance();
  }

  isStable({ seq, effect }: Proposed): boolean {
    return seq <= this.#progress.stableSeq(effect.version.node);
  }

  lacking({ seq, effect }: Proposed): readonly ControllerId[] {
    return this.#progress.lacking(effect.version.node, seq);
  }

  /** Sends one frame, the same for every member. */
  flush(): void {
    const progress = this.#progress;
    this.#kept?.step(progress.allReceived(), (received) => progress.keep(received));
    if (!this.#ports.isServing() || !this.#hasToSend) return;
    const effects = this.#outbox;
    this.#outbox = [];
    this.#acknowledge = false;
    this.#ports.bus.sendTo(this.#others, this.#frame(this.#sentSeq + 1, effects));
    this.#sentSeq += effects.length;
  }

  onTick(): void {
    if (this.#kept !== null || this.#acknowledge) this.#ports.requestFlush();
  }

  /** What the member has not acknowledged may be lost, and is sent again. */
  onPeerUp(peer: ControllerId): void {
    const { node, queue, bus } = this.#ports;
    if (!this.#others.includes(peer)) return;
    this.flush();
    const seq = this.#progress.acknowledged(peer, node);
    // mutant: never-sends-again
    const effects = queue.streamAfter(node, seq).map((request) => request.effect);
    bus.send(peer, this.#frame(seq + 1, effects));
  }

  onMessage(from: ControllerId, frame: OrderedFrame): void {
    const { node, queue, versions, applied, refuse } = this.#ports;
    if (!this.#others.includes(from))
      return refuse(from, 'it sends requests to a view that it is no member of');
    const known = this.#progress.received(from);
    // mutant: acknowledged-over-gap
    if (frame.firstSeq > known + 1) return;
    const flaw = frameFlaw(frame, known, {
      node,
      sent: this.#progress.received(node),
      applied: applied(),
      last: queue.lastOf(from),
    });
    if (flaw !== null) return refuse(from, flaw);
    for (let i = known + 1 - frame.firstSeq; i < frame.effects.length; i++) {
      const effect = frame.effects[i]!;
      versions.observe(effect.version.time);
      queue.push(effect, this.#progress.receive(from));
      if (this.#kept === null) this.#acknowledge = true;
      else this.#kept.hold(effect);
    }
    if (this.#acknowledge || this.#kept !== null) this.#ports.requestFlush();
    if (this.#progress.received(from) >= frame.streamEnd) this.#progress.onAcknowledged(from, frame.received);
  }

  #onKept(): void {
    this.#acknowledge = true;
    this.#ports.requestFlush();
    this.#ports.advance();
  }

  /**
   * Nothing is acknowledged while the journal takes no writes, so that what the journal has to remember stays
   * bounded.
   */
  get #hasToSend(): boolean {
    return this.#outbox.length > 0 || (this.#acknowledge && this.#ports.replica.journal.state.writable);
  }

  #frame(firstSeq: SequenceNumber, effects: readonly Effect[]): OrderedFrame {
    return {
      type: 'ordered',
      ballot: this.#ballot,
      firstSeq,
      effects,
      streamEnd: this.#progress.received(this.#ports.node),
      // mutant: acknowledges-unreceived
      received: this.#progress.allKept(),
    };
  }
}
