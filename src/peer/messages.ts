import type { Ballot, Member } from '../ordering/ballot.ts';
import type { Effect } from '../ordering/effect.ts';
import type { Version } from '../ordering/version.ts';

/**
 * What a controller says of its part in views: what it has promised, which view it accepted last, and whether it
 * still has what it knew as a member of that. `kept`: all of it. `recovered`: what was on disk when it was started,
 * at the least that which it accepted the view with. `recorded`: it knows which view that was, and has lost the
 * rest. `lost`: it may have accepted anything. `complete`: recovered, and nothing that it ever acknowledged as a member
 * of that view is missing.
 */
export interface Standing {
  readonly promised: Ballot;
  readonly accepted: Ballot;
  /** Members of the accepted view. */
  readonly members: readonly Member[];
  readonly memory: Memory;
  /** The run of the controller that says this. */
  readonly incarnation: number;
}

export const MEMORIES = ['kept', 'recovered', 'recorded', 'lost', 'complete'] as const;
export type Memory = (typeof MEMORIES)[number];

/**
 * How far the planned end of a controller has come. `staying`: it is not ending. `draining`: its clients get their last
 * answers. `drained`: it serves nobody any more, and is to be left out of the view.
 */
export const DEPARTURE_PHASES = ['staying', 'draining', 'drained'] as const;
export type DeparturePhase = (typeof DEPARTURE_PHASES)[number];

/**
 * First on every link, from both ends: which controller this is, and what must be the same for two to be peers. None of
 * it counts before its sender has proved that it has the cluster's secret.
 */
export interface Hello {
  readonly type: 'hello';
  readonly cluster: string;
  readonly node: number;
  readonly incarnation: number;
  readonly level: string;
  /** The configured peers, so that two controllers never disagree on who is who. */
  readonly peers: string;
  /** Random, for this connection alone: no proof fits two connections. */
  readonly nonce: Buffer;
  /** The sender has a cluster secret, and takes no peers without it. */
  readonly hasSecret: boolean;
  /** As the sender sees this connection, it does not stay on one machine. */
  readonly onNetwork: boolean;
}

/** Shows that its sender has the secret and means this connection: `proofOf` both hellos. */
export interface Proof {
  readonly type: 'proof';
  readonly mac: Buffer;
  /** Why the caller, having read the hello of the called, refuses it; empty when it does not. */
  readonly refusal: string;
}

/** The called side's last word of the handshake: both may send anything now. */
export interface Welcome {
  readonly type: 'welcome';
}

/** The sender does not take the other end as a peer; the link ends. */
export interface Refusal {
  readonly type: 'refusal';
  readonly reason: string;
  /** Another process is connected under the number of the one that is refused. */
  readonly taken: boolean;
}

export interface Heartbeat {
  readonly type: 'heartbeat';
  /** The largest version time that the sender has given or seen. */
  readonly time: number;
  /** The sender's wall clock, in milliseconds since 1970. */
  readonly wallMs: number;
  /** The sender's cluster time, in milliseconds since 1970; 0 while it has none. */
  readonly clusterMs: number;
  /** When the sender sent this, on its monotonic clock, in whole milliseconds: it comes back with a grant. */
  readonly askedMs: number;
  /** The view that the sender serves in; `NO_BALLOT` for none. */
  readonly installed: Ballot;
  readonly standing: Standing;
  /** The sender takes over the state of the view that it is about to accept: that may take a while. */
  readonly transferring: boolean;
  /** Peers that the sender has heard without a pause for a while. */
  readonly hears: readonly number[];
  /** The sender knows everything that its peers knew a moment ago, and its journal takes what they know further. */
  readonly caughtUp: boolean;
  /** Why the sender's journal takes no writes, and it can neither acknowledge nor accept anything; empty when it does. */
  readonly failing: string;
  /** Requests have waited for that for long: the sender is to be left out, if the others can do without it. */
  readonly withholds: boolean;
  /** Why the sender's store can't be used; empty when it can. For people only. */
  readonly storeTrouble: string;
  readonly departure: DeparturePhase;
  /** Controllers that the sender would rather not take back into a view yet: they have not proved that they keep up. */
  readonly doubts: readonly number[];
  /** Per controller, `askedMs` of the last heartbeat that the sender has handled of it on this connection; 0 for none. */
  readonly heard: readonly number[];
  /** The longest time for which the sender's event loop or store has kept anything waiting lately, in milliseconds. */
  readonly lagMs: number;
  /** The sender's version vector. */
  readonly known: readonly number[];
}

/** Answer to a heartbeat of a member of the same view: a lease, counted from `askedMs` of that heartbeat. */
export interface Granted {
  readonly type: 'granted';
  readonly ballot: Ballot;
  readonly askedMs: number;
  readonly forMs: number;
}

/**
 * The ordered engine's frame: new requests of the sender's stream, and how far it has received each origin's.
 * An acknowledgement may be used only after everything that its sender had sent before it.
 */
export interface OrderedFrame {
  readonly type: 'ordered';
  readonly ballot: Ballot;
  /** Place in the sender's stream of the first of `effects`. */
  readonly firstSeq: number;
  readonly effects: readonly Effect[];
  /** Where the sender's stream ended when this frame was built. */
  readonly streamEnd: number;
  /** Per origin, how far the sender has received its stream. */
  readonly received: readonly number[];
}

/** Writes of the convergent engine, right after they were made. */
export interface Push {
  readonly type: 'push';
  /** Version time of the origin's write before these: who knows everything up to there misses nothing. */
  readonly previousTime: number;
  readonly effects: readonly Effect[];
}

export interface SyncRequest {
  readonly type: 'sync-request';
  readonly exchange: number;
  readonly known: readonly number[];
  /** Up to where the sender may have forgotten deletions. */
  readonly forgotten: readonly number[];
  /** The sender has no records at all. */
  readonly empty: boolean;
}

/** The answer to a request of one that lacks deletions which the sender has forgotten. */
export interface SyncLapsed {
  readonly type: 'sync-lapsed';
  readonly exchange: number;
}

/** A part of the answer to a sync request, oldest first; the next part waits for `sync-next`. */
export interface SyncResponse {
  readonly type: 'sync-response';
  readonly exchange: number;
  /** Writes in all parts of the answer. */
  readonly total: number;
  /** Up to where the sender may have forgotten deletions; it forgets no more of them before the exchange is over. */
  readonly forgotten: readonly number[];
  readonly effects: readonly Effect[];
}

export interface SyncNext {
  readonly type: 'sync-next';
  readonly exchange: number;
}

/** The exchange is over: the requester now knows what the vector says. */
export interface SyncComplete {
  readonly type: 'sync-complete';
  readonly exchange: number;
  readonly known: readonly number[];
}

/** Asks for the value of a write that the sender's own store has lost. */
export interface Fetch {
  readonly type: 'fetch';
  readonly id: number;
  readonly key: string;
  readonly version: Version;
}

/**
 * `found`: in `effect`; `lost`: the same write is the newest here, but its value is gone too; `other`: the
 * newest write here is another; `failed`: the store errs.
 */
export interface Fetched {
  readonly type: 'fetched';
  readonly id: number;
  readonly outcome: 'found' | 'lost' | 'other' | 'failed';
  readonly effect: Effect | null;
}

/** Asks for the values of many writes, which the sender's own store has to be filled with again. */
export interface FetchMany {
  readonly type: 'fetch-many';
  readonly id: number;
  readonly wanted: readonly Wanted[];
}

/** A write whose value is asked for. */
export interface Wanted {
  readonly key: string;
  readonly version: Version;
}

/** One outcome for each write that was asked for, in that order, and the writes that were found. */
export interface FetchedMany {
  readonly type: 'fetched-many';
  readonly id: number;
  readonly outcomes: readonly Fetched['outcome'][];
  readonly effects: readonly Effect[];
}

export interface Prepare {
  readonly type: 'prepare';
  readonly ballot: Ballot;
}

/** The sender takes part in no older view any more. */
export interface Promised {
  readonly type: 'promised';
  readonly ballot: Ballot;
  readonly standing: Standing;
  readonly applied: Version;
  /** Per controller, for how much longer it may hold a lease that the sender granted, in milliseconds. */
  readonly leasesMs: readonly number[];
  /** Peers that the sender hears. */
  readonly hears: readonly number[];
  /** The sender lacks little of what the members of the last view know. */
  readonly caughtUp: boolean;
  /** The sender's journal takes no writes: it could not accept a view. */
  readonly failing: boolean;
  readonly queue: readonly Effect[];
  /** Half of the sender's state is another's: nobody can go on from it. */
  readonly mixed: boolean;
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
  readonly sources: readonly number[];
  /** The member among the sources with the highest applied version: where the others take the state from. */
  readonly base: number;
  /** Where the base stands. */
  readonly baseApplied: Version;
  /** Everything queued at any source, in version order. */
  readonly union: readonly Effect[];
  /** Why the view takes the place of the one before, for people. */
  readonly reason: string;
}

export interface Accepted {
  readonly type: 'accepted';
  readonly ballot: Ballot;
}

export interface Install {
  readonly type: 'install';
  readonly ballot: Ballot;
}

export type PeerMessage =
  | Hello
  | Proof
  | Welcome
  | Refusal
  | Heartbeat
  | Granted
  | OrderedFrame
  | Push
  | SyncRequest
  | SyncLapsed
  | SyncResponse
  | SyncNext
  | SyncComplete
  | Fetch
  | Fetched
  | FetchMany
  | FetchedMany
  | Prepare
  | Promised
  | Rejected
  | Accept
  | Accepted
  | Install;

/**
 * How a controller talks to its peers.
 *
 * Guarantee: between a peer's coming up and its next going down, what was sent to it arrives whole, in order
 * and once; at its going down, the end of what was sent may be lost. Nothing is kept for a peer that is down.
 */
export interface PeerBus {
  send(node: number, message: PeerMessage): void;
  /** To every peer that is up; built once. */
  broadcast(message: PeerMessage): void;
  /** To those of these peers that are up; built once. */
  multicast(nodes: readonly number[], message: PeerMessage): void;
  isUp(node: number): boolean;
}
