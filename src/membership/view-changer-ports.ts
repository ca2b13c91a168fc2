import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Effect } from '../ordering/effect.ts';
import type { Version } from '../ordering/version.ts';
import type { JournalHealth } from './journal-health.ts';
import type { MembershipMessage } from './messages.ts';
import type { PeerBus } from './peer-bus.ts';
import type { Member, View } from './view.ts';
import type { ViewLog } from './view-record.ts';

/** What a view change asks of the world around it. */
export interface ViewChangerPorts {
  readonly node: number;
  readonly nodes: number;
  /** A majority without a memory may begin an empty cluster. */
  readonly mayForm: boolean;
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
  /** Per controller, for how much longer it may hold a lease that this one granted. */
  readonly leasesMs: () => readonly number[];
  /** This controller lacks little of what the members of the last view know. */
  readonly isCaughtUp: () => boolean;
  /** The run of the peer that is connected; null when it is not. */
  readonly incarnationOf: (peer: number) => number | null;
  /**
   * Brings this replica to the state of the peer, which stands still meanwhile: of that run of it, and of no other.
   * `holders`: all who have that state.
   */
  readonly transfer: (from: Member, holders: readonly Member[], done: () => void) => void;
  /** From here on nothing may be taken over from peers but by requests of the view. */
  readonly endTransfers: () => void;
  /** This controller takes part in no view any more, or in another. */
  readonly onChange: () => void;
  readonly log: Log;
}

/** What a view change asks of the state that a view begins with. */
export interface ViewState {
  readonly applied: Version;
  /** How far the state here is one to go on from: `NO_VERSION` when it is empty, or half of it is another's. */
  readonly resumePoint: Version;
  /** Half of the state is another's: nobody can go on from it. */
  readonly isPartial: boolean;
  queued(): Effect[];
  freeze(): void;
  /** @param done called once all of it would survive a crash */
  adopt(
    view: View,
    union: readonly Effect[],
    copied: Version | null,
    done: (error: string | null) => void,
  ): void;
  install(): void;
}
