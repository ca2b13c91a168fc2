import type { Clock } from '../../base/clock.ts';
import type { ControllerId, MonotonicMs } from '../../base/number-kinds.ts';
import { ROOT_GROUP } from '../../membership/peer-bus.ts';
import type { Group } from '../../replication/group.ts';
import { NO_CHANGE } from '../../replication/ordered/no-change.ts';
import type { RangeCopy } from '../../replication/range-copy.ts';
import { OWN_CONTEXT } from '../../replication/request-context.ts';
import type { MoveWords } from './move-words.ts';
import type { PhaseAsks } from './phase-asks.ts';
import type { Route } from './routes.ts';

export interface CollectorPorts {
  readonly peers: () => readonly ControllerId[];
  readonly words: MoveWords;
  readonly asks: PhaseAsks;
  readonly clock: Clock;
}

/**
 * Sees behind the barrier of a move that this controller has everything that any controller has, in the groups that
 * keys leave, and in the convergent groups that get keys.
 *
 *  1. The writes that were begun here before the barrier are settled. With that this controller is fenced.
 *  2. In the root group the view with the barrier has seen to the rest. In a convergent group an exchange with each
 *     peer that was begun after the peer was fenced brings it.
 *  3. In another ordered group, one controller stamps the writes of all. It may stamp one after it is fenced itself,
 *     until the controller that has asked for it is fenced. So where keys leave such a group, each controller settles
 *     its writes once more when all of the group are fenced, and exchanges count that were begun after that moment.
 *
 * A convergent group that gets keys may have others, a version vector and writes of its own. In `settling` its vector
 * is moved past the versions that were copied (`Scheme.adopt`). A vector that names a time of an origin says that every
 * write of the origin up to that time is here. That is so for the other keys of the group, too: all copied versions of
 * the origin are older than the moment of 2 or 3, its later writes are newer, and the exchanges after that moment have
 * brought those before it.
 */
export class Collector {
  readonly #ports: CollectorPorts;
  #epoch = 0;
  /** Since when this controller is fenced in this phase; null until then. */
  #fencedMs: MonotonicMs | null = null;
  /** What was begun before all controllers were fenced is settled here. */
  #hasSettled = false;

  constructor(ports: CollectorPorts) {
    this.#ports = ports;
  }

  /** Another phase begins. */
  begin(epoch: number): void {
    this.#epoch = epoch;
    this.#fencedMs = null;
    this.#hasSettled = false;
  }

  /** Calls back when the writes that were begun here before the barrier are settled. */
  fence(routes: readonly Route[], done: () => void): void {
    this.#settle(routes, () => {
      this.#fencedMs = this.#ports.clock.nowMs();
      done();
    });
  }

  /** To be asked again and again once this controller is fenced: has what is missing brought. */
  isCollected(routes: readonly Route[]): boolean {
    const isStampedForOthers = routes.some(({ from }) => from !== null && stampsForOthers(from));
    if (isStampedForOthers && !this.#isSettledAgain(routes)) return false;
    let isCollected = true;
    for (const group of collectedFrom(routes))
      if (group.scheme.views === null && !this.#isExchanged(group, isStampedForOthers ? routes : null))
        isCollected = false;
    return isCollected;
  }

  /**
   * In an ordered group, what was applied last is past all that was copied. A write whose condition can not hold
   * moves it on. So the group claims to know what was copied, and a start finds a state to go on from.
   */
  isOrdered({ to, newest }: Pick<RangeCopy, 'to' | 'newest'>): boolean {
    const { scheme } = to;
    if (scheme.views === null) return true;
    const { known } = scheme;
    if (newest.every((time, origin) => known.timeOf(origin) >= time)) return true;
    if (scheme.gate('write').state !== 'open') return false;
    this.#ports.asks.each(
      [to],
      (_, done) => scheme.write(NO_CHANGE, done, OWN_CONTEXT),
      () => {},
    );
    return false;
  }

  #settle(routes: readonly Route[], then: () => void): void {
    // mutant: fences-one-group
    const groups = collectedFrom(routes);
    this.#ports.asks.each(groups, ({ scheme }, done) => scheme.whenSettled(done), then);
  }

  #isSettledAgain(routes: readonly Route[]): boolean {
    // mutant: collects-before-all-are-fenced
    if (this.#hasSettled || this.#allFencedMs(routes) === null) return this.#hasSettled;
    this.#settle(routes, () => {
      this.#hasSettled = true;
    });
    return this.#hasSettled;
  }

  /** Since when all controllers that have writes in the groups before are known to be fenced; null while that is not known. */
  #allFencedMs(routes: readonly Route[]): MonotonicMs | null {
    let latestMs = this.#fencedMs;
    const isIn = (peer: ControllerId) => routes.some(({ from }) => from?.has(peer) === true);
    for (const peer of this.#ports.peers().filter(isIn)) {
      const fencedMs = this.#ports.words.fencedMs(peer, this.#epoch);
      if (fencedMs === null || latestMs === null) return null;
      latestMs = Math.max(latestMs, fencedMs);
    }
    return latestMs;
  }

  /** @param stamped the routes, where one controller gives versions to the writes of others; else null */
  #isExchanged(group: Group, stamped: readonly Route[] | null): boolean {
    const { scheme } = group;
    const { exchange } = scheme;
    let isExchanged = scheme.gate('read').state === 'open';
    for (const peer of this.#ports.peers().filter((one) => group.has(one))) {
      // mutant: exchanges-before-all-are-fenced
      const sinceMs =
        stamped === null ? this.#ports.words.fencedMs(peer, this.#epoch) : this.#allFencedMs(stamped);
      const startedMs = exchange.startedMs(peer);
      if (sinceMs !== null && startedMs !== null && startedMs > sinceMs) continue;
      isExchanged = false;
      if (sinceMs !== null && !exchange.isMoving(peer)) exchange.pull(peer);
      else if (sinceMs !== null) exchange.restartBefore(peer, sinceMs);
    }
    return isExchanged;
  }
}

/** One controller gives the writes of all their versions. */
function stampsForOthers({ number, scheme }: Group): boolean {
  return scheme.views !== null && number !== ROOT_GROUP;
}

/** An ordered group that gets keys claims nothing of its other keys by that, so nothing of it is missing. */
function collectedFrom(routes: readonly Route[]): ReadonlySet<Group> {
  const entered = routes.flatMap(({ to }) => (to?.scheme.views === null ? [to] : []));
  return new Set([...routes.flatMap(({ from }) => from ?? []), ...entered]);
}
