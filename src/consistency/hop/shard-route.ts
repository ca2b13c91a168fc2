import type { DurationHistogram } from '../../base/duration-histogram.ts';
import type { ControllerId, MonotonicMs } from '../../base/number-kinds.ts';
import type { ShardElsewhere } from '../../placement/keyspaces.ts';

/** What a route has to know of the other controllers. */
export interface ShardRoutePorts {
  /** This controller. */
  readonly node: ControllerId;
  /** The peer is connected, and was heard a moment ago. */
  readonly isHeard: (peer: ControllerId) => boolean;
  /** The peer was heard without a pause for a while. One that has only just come may be gone in a moment. */
  readonly isSteady: (peer: ControllerId) => boolean;
  /** There are requests for these: links to them are made where there are none. */
  readonly want: (members: readonly ControllerId[]) => void;
  /** A link to one of these may be there in a moment. */
  readonly isCalling: (members: readonly ControllerId[]) => boolean;
  /** The peer is about to end. */
  readonly isLeaving: (peer: ControllerId) => boolean;
  readonly nowMs: () => MonotonicMs;
}

/** A member that could not carry a request out is passed over for this long, in milliseconds. */
const PASSED_OVER_MS = 1_000;

/**
 * The member of a group that this controller asks, for a group that it has no part in.
 *
 * All requests go to one member for as long as that can be reached, so that each sees what those before it have
 * written. Another member is asked only once the one before owes no answer: otherwise a request could overtake an
 * earlier one of the same client.
 */
export class ShardRoute {
  readonly shard: ShardElsewhere;
  /** How long answers take. All shards of a keyspace share it. */
  readonly times: DurationHistogram;
  /** When there was a request for the shard last. */
  askedMs: MonotonicMs = Number.NEGATIVE_INFINITY;
  readonly #ports: ShardRoutePorts;
  readonly #preferred: readonly ControllerId[];
  readonly #passedOverUntilMs = new Map<ControllerId, MonotonicMs>();
  #current: ControllerId | null = null;
  /** Requests that the present member has not answered. */
  #owed = 0;

  constructor(shard: ShardElsewhere, times: DurationHistogram, ports: ShardRoutePorts) {
    this.shard = shard;
    this.times = times;
    this.#ports = ports;
    // Controllers that have no part in the group begin with different members of it.
    const first = ports.node % shard.members.length;
    this.#preferred = [...shard.members.slice(first), ...shard.members.slice(0, first)];
  }

  /** The member that was taken last. */
  get current(): ControllerId | null {
    return this.#current;
  }

  /** Takes the member to ask now; null when none can be reached, `busy` while the one before still owes answers. */
  choose(): ControllerId | 'busy' | null {
    const next = this.#next();
    if (next === this.#current || next === null) return next;
    if (this.#owed > 0) return 'busy';
    this.#current = next;
    return next;
  }

  /** A member that can be reached, and is none of these; null when there is none. */
  other(than: readonly ControllerId[]): ControllerId | null {
    return this.#preferred.find((peer) => !than.includes(peer) && this.#ports.isHeard(peer)) ?? null;
  }

  onAsked(peer: ControllerId): void {
    if (peer === this.#current) this.#owed++;
  }

  /** @returns true when another member may be asked from now on */
  onAnswered(peer: ControllerId): boolean {
    if (peer !== this.#current) return false;
    this.#owed--;
    return this.#owed === 0;
  }

  /** The member can't carry out requests now. */
  passOver(peer: ControllerId): void {
    this.#passedOverUntilMs.set(peer, this.#ports.nowMs() + PASSED_OVER_MS);
  }

  #next(): ControllerId | null {
    const { isHeard, isSteady, isLeaving, want, isCalling } = this.#ports;
    const current = this.#current;
    if (current !== null && this.#isGood(current)) return current;
    want(this.shard.members);
    // Otherwise all would ask the member to which there are links already.
    if (isCalling(this.#preferred.slice(0, 1))) return null;
    const heard = this.#preferred.filter((peer) => isHeard(peer));
    const good = heard.filter((peer) => this.#isGood(peer));
    return good.find(isSteady) ?? good[0] ?? heard.find((peer) => !isLeaving(peer)) ?? heard[0] ?? null;
  }

  #isGood(peer: ControllerId): boolean {
    const { isHeard, isLeaving, nowMs } = this.#ports;
    return isHeard(peer) && !isLeaving(peer) && (this.#passedOverUntilMs.get(peer) ?? 0) <= nowMs();
  }
}
