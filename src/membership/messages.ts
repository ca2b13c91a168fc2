import type { ControllerId, MonotonicMs, VersionTime, WallMs } from '../base/number-kinds.ts';
import type { Effect } from '../ordering/effect.ts';
import type { Version } from '../ordering/version.ts';
import type { Placement } from '../placement/agreed-placement.ts';
import type { Configuration } from '../placement/configuration.ts';
import type { Stamp } from '../placement/stamp.ts';
import type { Ballot } from './ballot.ts';
import type { Member } from './view.ts';

/**
 * What a controller says of its part in views: the ballot that it has promised, the view that it has accepted last,
 * and how much of that view's state it still has.
 *
 * How much it has (`Retention`):
 *  - `intact`: all of it.
 *  - `complete`: recovered from disk, with everything that it ever acknowledged as a member of that view.
 *  - `recovered`: what was on disk when it was started; at least what it accepted the view with.
 *  - `view-only`: it knows which view that was, and nothing else.
 *  - `lost`: it may have accepted any view.
 */
export interface AcceptorState {
  readonly promised: Ballot;
  readonly accepted: Ballot;
  /** Members of the accepted view. */
  readonly members: readonly Member[];
  readonly retention: Retention;
  /** The run of the controller that says this. */
  readonly incarnation: number;
}

export type Retention = 'intact' | 'recovered' | 'view-only' | 'lost' | 'complete';

/**
 * How far the planned end of a controller has come. `staying`: it is not ending. `draining`: its clients get
 * their last answers. `drained`: it serves no client any more, and is to be left out of the view.
 */
export type DeparturePhase = 'staying' | 'draining' | 'drained';

/** What a controller says of its part in the views of one group. A heartbeat says it of the root group. */
export interface ViewPart {
  /** When the sender sent this, on its monotonic clock, in whole milliseconds: it comes back with a grant. */
  readonly askedMs: MonotonicMs;
  /** The view that the sender serves in; `NO_BALLOT` for none. */
  readonly installed: Ballot;
  readonly acceptor: AcceptorState;
  /** The sender is copying the state of the view that it is about to accept, which may take a while. */
  readonly transferring: boolean;
  /** The sender knew a moment ago all but little of what its peers know, and its journal takes writes. */
  readonly caughtUp: boolean;
  /**
   * Requests have waited for the sender's journal for long. The sender is to be left out, if the others can do
   * without it.
   */
  readonly isStalling: boolean;
  /** Controllers that the sender would not take back into a view yet: they have not shown that they keep up. */
  readonly onProbation: readonly ControllerId[];
}

export interface Heartbeat extends ViewPart {
  readonly type: 'heartbeat';
  /** The largest version time that the sender has given or seen. */
  readonly time: number;
  /** The sender's wall clock, in milliseconds since 1970. */
  readonly wallMs: WallMs;
  /** The sender's cluster time, in milliseconds since 1970; 0 while it has none. */
  readonly clusterMs: WallMs;
  /** Peers that the sender has heard without a pause for a while. */
  readonly hears: readonly ControllerId[];
  /**
   * In the first group that has entries, the sender knew a moment ago all but little of what its peers know, and its
   * journal takes writes.
   */
  readonly caughtUp: boolean;
  /**
   * Why the sender's journal takes no writes; empty when it does. Without it the sender can neither acknowledge nor
   * accept.
   */
  readonly journalTrouble: string;
  /** Why the sender's store cannot be used; empty when it can. Human-readable. */
  readonly storeTrouble: string;
  readonly departure: DeparturePhase;
  /** Per controller, `askedMs` of its last heartbeat that the sender has handled on this connection; 0 for none. */
  readonly heard: readonly number[];
  /**
   * The longest time for which the sender's event loop or store has lately kept anything waiting, in milliseconds.
   */
  readonly lagMs: number;
  /** The sender's version vector of the first group that has entries. */
  readonly known: readonly VersionTime[];
}

/** The same of a further ordered group. It follows each heartbeat. */
export interface ViewPartTold extends ViewPart {
  readonly type: 'view-part';
}

/**
 * The answer of a member of the same view to what the receiver has said of its part: a lease, counted from the
 * `askedMs` of that.
 */
export interface Granted {
  readonly type: 'granted';
  readonly ballot: Ballot;
  readonly askedMs: MonotonicMs;
  readonly forMs: number;
}

export interface Prepare {
  readonly type: 'prepare';
  readonly ballot: Ballot;
}

/** The sender takes part in no older view any more. */
export interface Promised {
  readonly type: 'promised';
  readonly ballot: Ballot;
  readonly acceptor: AcceptorState;
  readonly applied: Version;
  /** Per controller, for how much longer it may hold a lease that the sender granted, in milliseconds. */
  readonly leasesMs: readonly number[];
  /** Peers that the sender hears. */
  readonly hears: readonly ControllerId[];
  /** The sender lacks little of what the members of the last view know. */
  readonly caughtUp: boolean;
  /** The sender's journal takes no writes: it could not accept a view. */
  readonly journalFails: boolean;
  readonly queue: readonly Effect[];
  /**
   * The sender's state is partial: a transfer has brought some writes and not all, so no view may continue from it.
   */
  readonly partial: boolean;
  /** The placement of the view that the sender has accepted last. */
  readonly placement: Placement | null;
  /** The configuration of that view. */
  readonly configuration: Configuration | null;
}

/** The sender has promised a higher ballot. */
export interface Rejected {
  readonly type: 'rejected';
  readonly promised: Ballot;
}

export interface Accept {
  readonly type: 'accept';
  readonly ballot: Ballot;
  readonly members: readonly Member[];
  /** Members whose state and queue the view continues. */
  readonly sources: readonly ControllerId[];
  /** The source with the highest applied version: the other members copy its state. */
  readonly donor: ControllerId;
  /** The version up to which the donor has applied. */
  readonly donorApplied: Version;
  /** Everything queued at any source, in version order. */
  readonly union: readonly Effect[];
  /** Why the view follows the one before it. Human-readable. */
  readonly reason: string;
  readonly placement: Placement | null;
  readonly configuration: Configuration | null;
}

/**
 * A promise or a view with its placement. Where there is no placement, the message goes as it is, in the form
 * that older releases read.
 */
export interface Placed {
  readonly type: 'placed';
  readonly placement: Placement;
  readonly message: Promised | Accept;
}

/** The same with its configuration, where that is not the one of the configuration file. */
export interface Configured {
  readonly type: 'configured';
  readonly configuration: Configuration;
  readonly message: Promised | Accept | Placed;
}

/**
 * A controller outside of the sender's view is told of the configuration that is installed there. A controller that no
 * longer votes gets no views, and would learn of no change otherwise.
 */
export interface ConfigurationTold {
  readonly type: 'configuration';
  readonly configuration: Configuration;
}

/** A member of a view tells a controller that follows what is installed there. Null: what the configuration says. */
export interface InstalledTold {
  readonly type: 'installed';
  readonly placement: Placement | null;
  readonly configuration: Configuration | null;
}

/** A controller that follows tells one that votes what it goes by. */
export interface GoesBy {
  readonly type: 'goes-by';
  readonly placement: Stamp;
  readonly configuration: Stamp;
  /** The controllers that vote and that the sender hears: they may tell it something newer. */
  readonly hears: readonly ControllerId[];
}

/**
 * The sender knows the configuration with this epoch, in which it does not vote any more: until a newer one has it vote
 * again it takes no request.
 */
export interface Retired {
  readonly type: 'retired';
  readonly epoch: number;
}

export interface Accepted {
  readonly type: 'accepted';
  readonly ballot: Ballot;
}

export interface Install {
  readonly type: 'install';
  readonly ballot: Ballot;
}

/** Messages that controllers exchange about views and leases. */
export type MembershipMessage =
  | ViewPartTold
  | Granted
  | Prepare
  | Promised
  | Rejected
  | Accept
  | Placed
  | Configured
  | ConfigurationTold
  | InstalledTold
  | Accepted
  | Install;

/** The messages of a change of view. */
export type ViewMessage = Exclude<MembershipMessage, Granted | ViewPartTold>;

/** The message in the form in which it is sent. */
export function asSent<M extends MembershipMessage>(
  message: M | Promised | Accept,
): M | Promised | Accept | Placed | Configured {
  if (message.type !== 'promised' && message.type !== 'accept') return message;
  const said = message as Promised | Accept;
  const { placement, configuration } = said;
  const inner = placement === null ? said : { type: 'placed' as const, placement, message: said };
  return configuration === null ? inner : { type: 'configured', configuration, message: inner };
}

/** The message that was put in this form. */
export function unplaced({ placement, message }: Placed): Promised | Accept {
  return { ...message, placement };
}

/** The same for its configuration. */
export function unconfigured({ configuration, message }: Configured): Promised | Accept {
  return { ...(message.type === 'placed' ? unplaced(message) : message), configuration };
}
