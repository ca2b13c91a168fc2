import type { ControllerId } from '../../base/number-kinds.ts';
import type { Group } from '../../replication/group.ts';
import { type NextPart, RangeFeed } from '../../replication/range-feed.ts';
import type { RangeAsk, RangePart } from '../../replication/range-messages.ts';
import type { Route } from './routes.ts';

export interface RangeFeedsPorts {
  readonly send: (peer: ControllerId, message: RangePart) => void;
  /** The epoch of the barrier behind which this controller has all that its groups have; 0 while there is none. */
  readonly collectedIn: () => number;
}

interface Feeding {
  readonly copy: number;
  readonly group: Group;
  readonly feed: RangeFeed;
}

/** Sends records of groups that this controller has a part in to controllers that get them by a move. */
export class RangeFeeds {
  readonly #ports: RangeFeedsPorts;
  /** By the controller that asks and the two groups: one copy at a time. */
  readonly #feeds = new Map<string, Feeding>();
  /** The copies that were ended in this move, by the same names. */
  readonly #ended = new Map<string, number>();

  constructor(ports: RangeFeedsPorts) {
    this.#ports = ports;
  }

  /** @param routes those of the move, once all controllers take part in its groups; null before that */
  onAsk(from: ControllerId, ask: RangeAsk, routes: readonly Route[] | null): void {
    const route = routes?.find((one) => one.transfer.from === ask.from && one.transfer.to === ask.to);
    const { copy } = ask;
    const answer = (part: NextPart): void =>
      this.#ports.send(from, { type: 'range-part', from: ask.from, to: ask.to, copy, ...part });
    const group = route?.from ?? null;
    if (group === null || route!.transfer.toMembers?.includes(from) !== true)
      return answer({ state: 'more', trouble: NOT_READY, effects: [], depends: [] });
    const name = `${from} ${ask.from} ${ask.to}`;
    // What has been forgotten since then would stay where the copy has brought it.
    // mutant: goes-on-with-an-ended-copy
    if (this.#ended.get(name) === copy)
      return answer({ state: 'anew', trouble: '', effects: [], depends: [] });
    let feeding = this.#feeds.get(name);
    if (feeding === undefined || feeding.copy !== copy || feeding.group !== group) {
      feeding = { copy, group, feed: new RangeFeed(group, route!.isOf) };
      this.#feeds.set(name, feeding);
    }
    // mutant: ends-a-copy-before-the-barrier
    const isBehindBarrier = ask.barrier !== 0 && ask.barrier === this.#ports.collectedIn();
    feeding.feed.next(isBehindBarrier, (part) => {
      if (this.#feeds.get(name) === feeding) answer(part);
    });
  }

  onPeerDown(peer: ControllerId): void {
    for (const copies of [this.#feeds, this.#ended])
      for (const name of copies.keys()) if (name.startsWith(`${peer} `)) copies.delete(name);
  }

  /** The records may be forgotten from now on. */
  end(): void {
    for (const [name, { copy }] of this.#feeds) this.#ended.set(name, copy);
    this.#feeds.clear();
  }

  /** The move is over. */
  rest(): void {
    this.#feeds.clear();
    this.#ended.clear();
  }
}

const NOT_READY = 'the controller that has the keys is not ready';
