import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ControllerId } from '../base/number-kinds.ts';
import type { Effect } from '../ordering/effect.ts';
import type { Version } from '../ordering/version.ts';
import type { Configuration } from '../placement/configuration.ts';
import type { JournalHealth } from './journal-health.ts';
import type { MembershipMessage } from './messages.ts';
import type { PeerBus } from './peer-bus.ts';
import type { Member, View } from './view.ts';
import type { ViewLog } from './view-record.ts';
import type { WantedChanges } from './wanted-changes.ts';

/** What a view change asks of the world around it. */
export interface ViewChangerPorts {
  readonly node: ControllerId;
  /** The configuration that holds while no view has one. */
  readonly configured: Configuration;
  readonly leaseMs: number;
  /** A majority of controllers that remember no view may begin an empty cluster. */
  readonly mayForm: boolean;
  /** See `ViewChoiceInput`. */
  readonly keepsOrder: boolean;
  readonly incarnation: number;
  readonly bus: PeerBus<MembershipMessage>;
  readonly clock: Clock;
  readonly viewLog: ViewLog;
  /** An acknowledgement of this controller means: on my disk. */
  readonly sync: boolean;
  readonly state: ViewState;
  readonly journal: JournalHealth;
  /** Peers that this controller hears now. */
  readonly heard: () => readonly number[];
  /** By id, for how much longer a controller may hold a lease that this one granted. */
  readonly leasesMs: () => readonly number[];
  /** This controller lacks little of what the members of the last view know. */
  readonly isCaughtUp: () => boolean;
  /** The run of the peer that is connected; null when it is not. */
  readonly incarnationOf: (peer: ControllerId) => number | null;
  /**
   * Copies the state of this run of the peer, and of no other run of it. The peer applies nothing meanwhile.
   *
   * `holders`: all members that have that state.
   */
  readonly transfer: (from: Member, holders: readonly Member[], done: () => void) => void;
  /** From now on nothing may be copied from peers: the view brings its own requests. */
  readonly endTransfers: () => void;
  /** The placement of a view that continues one with this placement: another one, if a change is wanted here. */
  readonly placementAfter: WantedChanges['placementAfter'];
  /** The same for the configuration. Without members: what the change that is wanted here would make of it. */
  readonly configurationAfter: WantedChanges['configurationAfter'];
  /** A view was accepted: another placement or configuration may hold here. Called before any other controller is told. */
  readonly onPlacement: () => void;
  /** The view that this controller serves in has changed. */
  readonly onChange: () => void;
  readonly log: Log;
}

/** What a view change asks of the state that a view begins with. */
export interface ViewState {
  readonly applied: Version;
  /** A transfer has brought some writes and not all: no view may continue from this state. */
  readonly isPartial: boolean;
  /** What this run has found in its journal. */
  readonly found: {
    /** The name of the journal; empty when none is on disk. */
    readonly journal: string;
    /**
     * Whether the state that an earlier run had in the accepted view is not in this journal.
     *
     * @param journal the name of the journal that had that state, as the view record has it
     */
    lacksStateOf(journal: string | null): boolean;
  };
  queued(): Effect[];
  freeze(): void;
  /**
   * @param copied the version up to which the state was copied from a member; null when it was not
   * @param done called once the state and the union would survive a crash
   */
  adopt(
    view: View,
    union: readonly Effect[],
    copied: Version | null,
    done: (error: string | null) => void,
  ): void;
  install(): void;
}
