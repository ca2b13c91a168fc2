import type { Clock } from '../../base/clock.ts';
import type { ControllerId, MonotonicMs, VersionTime } from '../../base/number-kinds.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import { type Effect, isOfKey } from '../../ordering/effect.ts';
import { VersionVector } from '../../ordering/version-vector.ts';
import {
  type FeedValuesPorts,
  nextPartWrites,
  PART_BYTES,
  PART_WRITES_FIRST,
  readValues,
} from './feed-values.ts';
import type { ExchangeMessage } from './messages.ts';
import { FeedNews, type WholeExchanges } from './whole-exchanges.ts';

export interface FeedsPorts extends FeedValuesPorts {
  readonly bus: PeerBus<ExchangeMessage>;
  /** The version vector as of now. */
  readonly known: () => VersionVector;
  readonly clock: Clock;
  /** An exchange is shown as a whole or not at all; null where each write is shown as it comes. */
  readonly whole: WholeExchanges | null;
}

/** An exchange as seen from the controller that answers: what the peer still has to get. */
interface Feed {
  readonly exchange: number;
  readonly missing: readonly Effect[];
  /** The peer had nothing, and this controller was behind a barrier. */
  readonly isNewcomer: boolean;
  readonly known: readonly VersionTime[];
  /** What is shown here since the exchange began; null where each write is shown as it comes. */
  readonly news: FeedNews | null;
  movedMs: MonotonicMs;
  next: number;
  /** The number of writes in the next part, so that its values come to about `PART_BYTES`. */
  partWrites: number;
}

/** An exchange that makes no progress for this long is given up, in milliseconds. */
export const EXCHANGE_TIMEOUT_MS = 2_000;

/**
 * Without the records of keys that another group has for certain.
 *
 * Behind the barrier of a move, the others may have formed a view without this controller, in which the group after
 * serves. What they have written in it is newer than all that was copied, and no peer has it from a copy of its own. A
 * controller that was restarted behind the barrier does not know what was copied, so it leaves nothing out.
 */
function ownEffects({ guard, copied }: FeedsPorts['replica'], effects: readonly Effect[]): readonly Effect[] {
  if (guard === null) return effects;
  // mutant: feeds-no-later-writes
  const isWritten = ({ version }: Effect) => guard.isBehindBarrier && !copied.covers(version);
  return effects.filter((effect) => !isOfKey(effect) || guard.tells(effect.key) || isWritten(effect));
}

/** The exchanges that peers have asked for, one for each peer. A part is sent once the peer has asked for it. */
export class Feeds {
  readonly #ports: FeedsPorts;
  readonly #feeds = new Map<ControllerId, Feed>();

  constructor(ports: FeedsPorts) {
    this.#ports = ports;
  }

  get isIdle(): boolean {
    return this.#feeds.size === 0;
  }

  /** Starts to send the peer what it lacks. @param known what the peer knows already */
  start(peer: ControllerId, exchange: number, known: readonly VersionTime[]): void {
    const { replica, clock, whole } = this.#ports;
    const isNewcomer =
      this.#isBehindBarrier && known.every((time) => time === 0) && !this.#ports.known().isZero;
    const missing = replica.journal.since(new VersionVector(known));
    this.#feeds.set(peer, {
      exchange,
      missing: isNewcomer ? missing : ownEffects(replica, missing),
      isNewcomer,
      known: this.#ports.known().times(),
      news: whole === null ? null : new FeedNews(),
      movedMs: clock.nowMs(),
      next: 0,
      partWrites: PART_WRITES_FIRST,
    });
    this.#feed(peer);
  }

  /**
   * A peer that starts empty behind the barrier of a move gets the copied records of the keys that move, too. It was a
   * member that had them, so the move may be settled without it, and what it is told that it knows covers them.
   */
  get #isBehindBarrier(): boolean {
    // mutant: feeds-newcomers-without-copies
    return this.#ports.replica.guard?.isBehindBarrier ?? false;
  }

  /** The peer has taken in the part before. */
  onNext(peer: ControllerId, exchange: number): void {
    if (this.#feeds.get(peer)?.exchange === exchange) this.#feed(peer);
  }

  /** A write is shown here from now on: a peer that is being fed has to get it in the same exchange. */
  onShown(effect: Effect): void {
    if (this.isIdle) return;
    for (const [peer, { news }] of this.#feeds) if (news?.add(effect) === false) this.endOf(peer);
  }

  /** To be called now and then: ends exchanges that make no progress. */
  onTick(): void {
    const nowMs = this.#ports.clock.nowMs();
    for (const [peer, { movedMs }] of this.#feeds)
      if (nowMs - movedMs >= EXCHANGE_TIMEOUT_MS) this.endOf(peer);
  }

  endOf(peer: ControllerId): void {
    this.#feeds.delete(peer);
  }

  /** Sends the next part. Its values are read from the store just before they are sent. */
  #feed(peer: ControllerId): void {
    const feed = this.#feeds.get(peer)!;
    const { clock } = this.#ports;
    feed.movedMs = clock.nowMs();
    if (feed.next >= feed.missing.length) return this.#end(peer, feed);
    const part = feed.missing.slice(feed.next, feed.next + feed.partWrites);
    feed.next += part.length;
    readValues(this.#ports, part, (effects) => {
      if (this.#feeds.get(peer) !== feed) return;
      if (effects === null) return this.endOf(peer);
      this.#send(peer, feed, feed.missing.length, effects);
      feed.movedMs = clock.nowMs();
      feed.partWrites = nextPartWrites(effects);
    });
  }

  /**
   * Sends the writes that are shown here since the exchange began. If they are few, the end of the exchange follows
   * in the same turn.
   */
  #end(peer: ControllerId, feed: Feed): void {
    const { exchange, missing, known, news } = feed;
    if (news !== null) {
      const effects = news.take(PART_BYTES);
      if (effects.length === 0) this.#sendShown(peer, exchange, effects);
      else this.#send(peer, feed, missing.length + effects.length, effects);
      if (!news.isEmpty) return;
    }
    this.endOf(peer);
    this.#ports.bus.send(peer, { type: 'sync-complete', exchange, known });
  }

  #send(peer: ControllerId, { exchange, isNewcomer }: Feed, total: number, effects: readonly Effect[]): void {
    const { bus, replica } = this.#ports;
    this.#sendShown(peer, exchange, effects);
    const forgotten = replica.journal.forgotten.times();
    // Another group may serve some of these keys since the exchange began.
    const own = isNewcomer && this.#isBehindBarrier ? effects : ownEffects(replica, effects);
    bus.send(peer, { type: 'sync-response', exchange, total, forgotten, effects: own });
  }

  /** Tells the peer, where an exchange is shown as a whole, what is shown here while these writes are. */
  #sendShown(peer: ControllerId, exchange: number, effects: readonly Effect[]): void {
    const { bus, whole } = this.#ports;
    if (whole === null) return;
    const shown = { shows: whole.shows(), lacks: whole.lacks(), attached: whole.attachedTo(effects) };
    bus.send(peer, { type: 'sync-shows', exchange, ...shown });
  }
}
