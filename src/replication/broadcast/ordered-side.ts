import type { JournalRecord } from '../../journal/journal.ts';
import type { EngineNeed, Gate } from '../../membership/gate.ts';
import { Membership, type MembershipPorts } from '../../membership/membership.ts';
import type { MembershipMessage } from '../../membership/messages.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import type { Draft, Effect } from '../../ordering/effect.ts';
import type { Version } from '../../ordering/version.ts';
import type { Exchange, Sync } from '../exchange/sync.ts';
import type { Reader } from '../read-flow.ts';
import type { ReadDone } from '../replica.ts';
import type {
  PendingRequest,
  Predicted,
  ReadStrength,
  Scheme,
  SchemeMessage,
  WriteOutcome,
} from '../scheme.ts';
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
export class OrderedSide implements Scheme {
  readonly engine: OrderedEngine;
  readonly membership: Membership;
  readonly #ports: OrderedSidePorts;
  readonly #takeOver: TakeOver;
  readonly #catchUp: CatchUp;
  readonly #journalWatch: JournalWatch;

  constructor(ports: OrderedSidePorts) {
    const { exchanges, replica, clock, peers, announce } = ports;
    this.#ports = ports;
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

  gate(need: EngineNeed): Gate {
    return this.engine.gate(need);
  }

  storeTrouble(): string | null {
    return this.#ports.replica.storeTrouble();
  }

  read(key: string, strength: ReadStrength, done: ReadDone, reader: Reader): void {
    const { replica } = this.#ports;
    const isPending = strength === 'strong' && this.engine.isPending(key);
    // mutant: reads-before-pending
    if (!isPending) return replica.read(key, done, reader);
    this.engine.afterPending(key, () => {
      if (!reader.isGone) replica.read(key, done, reader);
    });
  }

  giveAgain(bytes: number, done: () => void, reader: Reader): void {
    this.#ports.replica.giveAgain(bytes, done, reader);
  }

  newest(key: string): JournalRecord | undefined {
    return this.#ports.replica.journal.newest(key);
  }

  heldVersion(key: string): Version {
    return this.#ports.replica.heldVersion(key);
  }

  isLive(key: string): boolean {
    return this.#ports.replica.isLive(key);
  }

  noteRead(key: string, readAtSec: number): void {
    this.#ports.replica.journal.noteRead(key, readAtSec);
  }

  predict(key: string): Predicted | null {
    return this.engine.predict(key);
  }

  afterPending(key: string, callback: () => void): boolean {
    return this.engine.afterPending(key, callback);
  }

  write(draft: Draft, done: (outcome: WriteOutcome) => void): void {
    this.engine.write(draft, done);
  }

  get pending(): number {
    return this.engine.pending;
  }

  oldestPending(count: number): readonly PendingRequest[] {
    return this.engine.oldestPending(count);
  }

  get completed(): number {
    return this.engine.completed;
  }

  merge(effect: Effect): void {
    this.engine.merge(effect);
  }

  flush(): void {
    this.engine.flush();
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

  get isNeeded(): boolean {
    return this.membership.isNeeded;
  }

  onMessage(from: number, message: SchemeMessage): void {
    if (message.type === 'ordered') this.engine.onFrame(from, message);
  }

  onPeerUp(peer: number): void {
    this.engine.onPeerUp(peer);
  }

  /** What the peer has not acknowledged is still in the queue. */
  onPeerDown(): void {}

  /** Members get every write as it is made. */
  onSyncTick(): void {}

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
