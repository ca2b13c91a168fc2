import type { Clock } from '../../base/clock.ts';
import type { ControllerId } from '../../base/number-kinds.ts';
import type { Durability } from '../../journal/durability.ts';
import type { RecoveredState } from '../../journal/recovered-state.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import type { HybridClock } from '../../ordering/hybrid-clock.ts';
import type { Evaluator } from '../evaluation.ts';
import type { Replica } from '../replica.ts';
import type { ReplicaReads } from '../replica-reads.ts';
import type { AgreementMessage } from './agreement-messages.ts';

/** What the order asks of the world around it. */
export interface OrderPorts {
  readonly node: ControllerId;
  readonly clock: Clock;
  readonly versions: HybridClock;
  readonly bus: PeerBus<AgreementMessage>;
  readonly replica: Replica;
  readonly reads: ReplicaReads;
  readonly evaluator: Evaluator;
  /** No peer is connected that does not understand differences: see `JoinEffect`. */
  readonly takesDifferences: () => boolean;
  /** There is a cluster time. */
  readonly isTimed: () => boolean;
  /** This controller holds a lease in its view: no newer view is installed. */
  readonly holdsLease: () => boolean;
  /** Ends the link to a peer that sent what no controller would. */
  readonly refuse: (peer: ControllerId, reason: string) => void;
  /** Has `flush` called at the end of this event-loop turn. */
  readonly requestFlush: () => void;
  /** This controller is about to end, and is to be left out of the view. */
  readonly isEnding: () => boolean;
  /** A gate may have opened. */
  readonly onChange: () => void;
  /** The most bytes of writes that may wait for agreement before further writes have to wait outside. */
  readonly queueBytesMax: number;
  readonly recovered: RecoveredState;
  /** False in a root group without entries: it has no state that could be lost. */
  readonly hasEntries: boolean;
  /** `sync`: an acknowledgement means on my disk. `none`: the store alone has the values. */
  readonly durability: Durability;
  /** The version vector that was last recorded in the journal. */
  readonly recordedKnown: () => readonly number[];
}
