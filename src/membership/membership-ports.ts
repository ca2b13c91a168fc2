import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ControllerId } from '../base/number-kinds.ts';
import type { Random } from '../base/random.ts';
import type { Configuration } from '../placement/configuration.ts';
import type { JournalHealth } from './journal-health.ts';
import type { MembershipMessage } from './messages.ts';
import type { PeerBus } from './peer-bus.ts';
import type { Peers } from './peers.ts';
import type { Member } from './view.ts';
import type { ViewState } from './view-changer-ports.ts';
import type { ViewLog } from './view-record.ts';

/** What a controller's part in views asks of the world around it. */
export interface MembershipPorts {
  readonly node: ControllerId;
  /** The configuration that holds while no view has one. */
  readonly configured: Configuration;
  /** One more than the largest id that this controller knows of, in this group or another one. */
  readonly idsEnd: () => number;
  /** A majority of controllers that remember no view may begin an empty cluster. */
  readonly mayForm: boolean;
  /** See `ViewChoiceInput`. */
  readonly keepsOrder: boolean;
  readonly incarnation: number;
  readonly leaseMs: number;
  /** How long a member may be silent before it is missed. */
  readonly suspectAfterMs: number;
  /** The group may have entries. Otherwise a controller outside of the view has nothing to catch up on. */
  readonly hasEntries: boolean;
  /** An acknowledgement of this controller means: on my disk. */
  readonly sync: boolean;
  readonly bus: PeerBus<MembershipMessage>;
  readonly peers: Peers;
  /** The run of the peer that is connected; null when it is not. */
  readonly incarnationOf: (peer: ControllerId) => number | null;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: Random;
  readonly viewLog: ViewLog;
  /** What a view begins with, and what it is served from. */
  readonly state: ViewState;
  readonly journal: JournalHealth;
  readonly isCaughtUp: () => boolean;
  readonly transfer: (from: Member, holders: readonly Member[], done: () => void) => void;
  readonly endTransfers: () => void;
  /** Has a heartbeat sent at once. */
  readonly announce: () => void;
  /** False for a controller that is about to end. */
  readonly mayPropose: () => boolean;
  /** Another placement may hold here. Called before any other controller is told. */
  readonly onPlacement: () => void;
  /** A gate may have opened, or closed. */
  readonly onChange: () => void;
  readonly log: Log;
}
