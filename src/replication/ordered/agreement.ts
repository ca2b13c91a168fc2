import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';
import type { View } from '../../membership/view.ts';
import type { Draft } from '../../ordering/effect.ts';
import type { RequestQueue } from '../../ordering/request-queue.ts';
import type { Version } from '../../ordering/version.ts';
import type { Arbiter, Predicted } from '../scheme.ts';
import type { AgreementMessage } from './agreement-messages.ts';
import type { OrderPorts } from './order-ports.ts';
import type { Proposed, WriteDone } from './proposed-write.ts';

/**
 * How the members of a view agree on requests: who stamps them, on which way they reach every member, and how a member
 * learns that all of them have a request.
 *
 * Everything but `begin` is called only while the view serves.
 */
export interface OrderAgreement {
  /**
   * A view is accepted. What earlier views have not applied is in its union, or left out.
   *
   * @param knewAll this controller had received every request of the union in an earlier view, or applied it
   */
  begin(view: View, knewAll: boolean): void;
  /** The view is installed: all its members have accepted it. */
  install(): void;
  /** Has the write stamped, and sent to every member. */
  write(draft: Draft, done: WriteDone): void;
  /** Decides conditional requests; null where the controller that was asked does. */
  readonly arbiter: Arbiter | null;
  /**
   * Calls back once every write is applied here that was answered anywhere before the call. That may be sooner than all
   * writes are applied that are in the queue now. Null where nothing else tells than that they are.
   */
  readonly confirm: ((callback: () => void) => void) | null;
  onMessage(from: ControllerId, message: AgreementMessage): void;
  /** The link to the peer is new. */
  onPeerUp(peer: ControllerId): void;
  /** To be called at the end of an event-loop turn that was asked for, whether a view serves or not. */
  flush(): void;
  /** To be called every few milliseconds, whether a view serves or not. */
  onTick(): void;
  /** Every member has the request. A request of the union is stable from the start. */
  isStable(request: Proposed): boolean;
  /** The members that may not have the request, as far as is known here. */
  lacking(request: Proposed): readonly ControllerId[];
  /** Something is due, here or at a peer, beside the requests in the queue. */
  readonly isAwaited: boolean;
  /** What this controller has asked others for; null where it asks for nothing. */
  readonly asks: AskNumbers | null;
}

/** What a controller asks others for is numbered. */
export interface AskNumbers {
  /** The last number. */
  readonly last: SequenceNumber;
  /** The outcomes of everything up to this number are known, or come with requests in the queue. */
  readonly settled: SequenceNumber;
  /** The bytes of what is not settled. */
  readonly bytes: number;
}

/** What an agreement asks of the order. */
export interface AgreementPorts
  extends Pick<
    OrderPorts,
    | 'node'
    | 'versions'
    | 'bus'
    | 'replica'
    | 'reads'
    | 'evaluator'
    | 'takesDifferences'
    | 'isTimed'
    | 'holdsLease'
    | 'refuse'
    | 'requestFlush'
    | 'isEnding'
    | 'queueBytesMax'
    | 'durability'
  > {
  /** The requests that are not applied. The agreement adds to it, and takes nothing out. */
  readonly queue: RequestQueue<WriteDone>;
  readonly isServing: () => boolean;
  /** The state that the requests in the queue will leave the key in; null when there are none. */
  readonly predict: (key: string) => Predicted | null;
  /** Calls back once the writes of the key that are in the queue now are applied. @returns false where there are none */
  readonly afterPending: (key: string, callback: () => void) => boolean;
  /** The newest version that has been applied. */
  readonly applied: () => Version;
  /** Requests may have become stable: applies them. */
  readonly advance: () => void;
}

export type MakeAgreement = (ports: AgreementPorts) => OrderAgreement;

/** What has to be known of an agreement before a group uses it. */
export interface AgreementKind {
  readonly make: MakeAgreement;
  /** The order of the members has a meaning: members that go on keep theirs, and a new one is the last. */
  readonly keepsOrder: boolean;
}
