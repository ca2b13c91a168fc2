import { Membership, type MembershipPorts } from '../../membership/membership.ts';
import type { MembershipMessage } from '../../membership/messages.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import type { Exchange, Sync } from '../exchange/sync.ts';
import { CatchUp } from './catch-up.ts';
import { JournalWatch } from './journal-watch.ts';
import type { OrderedFrame } from './messages.ts';
import { OrderedEngine } from './ordered-engine.ts';
import type { OrderedPorts } from './ordered-ports.ts';
import { TakeOver } from './take-over.ts';

export interface OrderedSidePorts
  extends Omit<OrderedPorts, 'gate' | 'bus'>,
    Omit<
      MembershipPorts,
      'bus' | 'engine' | 'journal' | 'isCaughtUp' | 'transfer' | 'endTransfers' | 'onChange'
    > {
  readonly bus: PeerBus<MembershipMessage | OrderedFrame>;
  readonly exchanges: Sync;
  /** How long requests wait for an acknowledgement before the others go on without this controller. */
  readonly suspectAfterMs: number;
  /** Nobody can go on from what this controller knows. */
  readonly startAnew: (reason: string) => void;
}

/** The ordered engine with what goes on around it: this controller's part in views, and how it gets the state of one. */
export class OrderedSide {
  readonly engine: OrderedEngine;
  readonly membership: Membership;
  readonly #takeOver: TakeOver;
  readonly #catchUp: CatchUp;
  readonly #journalWatch: JournalWatch;

  constructor(ports: OrderedSidePorts) {
    const { exchanges, replica, clock, peers, announce } = ports;
    this.engine = new OrderedEngine({ ...ports, gate: (need) => this.membership.gate(need) });
    this.#takeOver = new TakeOver({
      ...ports,
      sync: exchanges,
      isBegun: () => this.engine.mixed,
      membersWith: (peer) => peers.heartbeat(peer)?.standing.members ?? [],
    });
    this.#journalWatch = new JournalWatch({
      ...ports,
      journal: replica.journal,
      isAwaited: () => this.engine.isAwaited,
      onChange: () => {
        if (this.#journalWatch.failing !== '') this.#takeOver.postpone();
        announce();
      },
    });
    this.membership = new Membership({
      ...ports,
      engine: this.engine,
      journal: this.#journalWatch,
      isCaughtUp: () => this.isCaughtUp,
      transfer: (from, holders, done) => this.#takeOver.transfer(from, holders, done),
      endTransfers: () => this.#takeOver.end(),
    });
    this.#catchUp = new CatchUp({
      sync: exchanges,
      servingPeers: () => (this.#journalWatch.heldBack === '' ? this.membership.servingPeers : []),
      clock,
    });
  }

  /** A moment ago little was missing, and this controller may be taken in. */
  get isCaughtUp(): boolean {
    return this.#journalWatch.heldBack === '' && this.#catchUp.isCaughtUp;
  }

  /** Why the journal keeps this controller out of views; empty when it does not. */
  get journalFailure(): string {
    return this.#journalWatch.failing;
  }

  /** What the peer has may be taken over. */
  mayTake(peer: number): boolean {
    return this.#takeOver.mayTake(peer);
  }

  onFrame(from: number, frame: OrderedFrame): void {
    this.engine.onFrame(from, frame);
  }

  onMessage(from: number, message: MembershipMessage): void {
    this.membership.onMessage(from, message);
  }

  onSynced(peer: number, exchange: Exchange): void {
    this.#catchUp.onSynced(exchange);
    this.#takeOver.onSynced(peer);
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    this.#journalWatch.onTick();
    this.membership.onTick();
    this.#catchUp.onTick();
    this.#takeOver.onTick();
    this.engine.onTick();
  }
}
