import type { Clock } from '../base/clock.ts';
import type { ControllerId } from '../base/number-kinds.ts';
import {
  epochOf,
  type Placement,
  samePlacement,
  shardsNamedIn,
  withBarrierLifted,
} from '../placement/agreed-placement.ts';
import { isWhole } from '../placement/agreed-shards.ts';
import {
  type Configuration,
  configurationEpoch,
  idsOf,
  isChanging,
  isConfigured,
  isFollower,
  isGone,
  isJoining,
  isServer,
  isVoter,
  sameConfiguration,
} from '../placement/configuration.ts';
import { isForcing, isRemovedByForce } from '../placement/forced.ts';
import { settled } from '../placement/member-changes.ts';
import { concernsAll, holdersOf } from '../placement/reshard.ts';
import { AgreedChange } from './agreed-change.ts';
import type { Peers } from './peers.ts';
import type { Member, View } from './view.ts';

export interface WantedChangesPorts {
  readonly clock: Clock;
  /** How long a step may take that this controller asks for by itself, in milliseconds. */
  readonly stepMs: number;
}

/**
 * What this controller wants the next view to change: the placement, the configuration, or both.
 *
 * Two controllers may be asked at once to give a controller a shard, and to remove it. Each of them sees nothing that
 * forbids it. So the view that would be the second one does not carry the change, whoever proposes it.
 */
export class WantedChanges {
  readonly placement = new AgreedChange<Placement>({ same: samePlacement, epochOf });
  readonly configuration = new AgreedChange<Configuration>({
    same: sameConfiguration,
    epochOf: configurationEpoch,
  });
  readonly #ports: WantedChangesPorts;

  constructor(ports: WantedChangesPorts) {
    this.#ports = ports;
  }

  /** Why a view is to be proposed; null when no change is wanted. */
  get reason(): string | null {
    return this.placement.reason ?? this.configuration.reason;
  }

  /**
   * The forced configuration that is wanted; null where none is. A change that drops controllers as gone for good is
   * given up when one of them is heard.
   */
  forced(peers: Pick<Peers, 'ids' | 'isHeard'>): Configuration | null {
    const { wanted } = this.configuration;
    if (wanted === null) return null;
    const isBack = (id: ControllerId) => isRemovedByForce(wanted, id) && peers.isHeard(id);
    // mutant: forced-while-heard
    if (!peers.ids.some(isBack)) return isForcing(wanted) ? wanted : null;
    this.configuration.giveUp();
    return null;
  }

  /**
   * The placement of a view that continues one with this placement. A barrier is lifted where controllers are forced
   * out: what a controller has said behind it, it may have said while it still heard one of those.
   *
   * @param configuration that of the view
   */
  placementAfter(
    placement: Placement | null,
    members: readonly Member[],
    configuration: Configuration | null,
  ): Placement | null {
    const next = this.placement.after(placement, members, (to, from) => haveVotes(to, from, configuration));
    const move = next?.move ?? null;
    // mutant: keeps-the-barrier-when-forced
    if (next === null || move?.phase !== 'barrier' || !mayDropLost(configuration)) return next;
    return withBarrierLifted(next, move);
  }

  /** The same for the configuration. @param placement the one that the view continues */
  configurationAfter(
    configuration: Configuration | null,
    members: readonly Member[] | null,
    placement: Placement | null,
  ): Configuration | null {
    return this.configuration.after(configuration, members, (to, from) => keepVotes(to, from, placement));
  }

  onInstalled({ placement, configuration, members }: View): void {
    this.placement.onInstalled(placement, members, (to, from) => haveVotes(to, from, configuration));
    this.configuration.onInstalled(configuration, members, (to, from) => keepVotes(to, from, placement));
  }

  /** To be called every few milliseconds. @param view whose next step this controller asks for; null for none */
  onTick(view: View | null): void {
    const nowMs = this.#ports.clock.nowMs();
    this.placement.onTick(nowMs);
    this.configuration.onTick(nowMs);
    if (view !== null) this.#settle(view);
  }

  /**
   * A view is installed here whose configuration names those that voted before it, or was forced. The next view no
   * longer has to ask all of them.
   */
  #settle({ configuration }: View): void {
    const { clock, stepMs } = this.#ports;
    if (configuration === null || !isChanging(configuration)) return;
    if (this.configuration.isUnderWay) return;
    this.configuration.begin({
      from: configuration,
      to: settled(configuration),
      reason: 'the change of the controllers is installed',
      deadlineMs: clock.nowMs() + stepMs,
      isFor: () => true,
      done: () => {},
    });
  }
}

/** The controllers that get shards by this placement vote or follow, and all vote where a move begins that concerns all. */
function haveVotes(to: Placement, from: Placement | null, configuration: Configuration | null): boolean {
  if (configuration === null) return true;
  const isVoting = (id: ControllerId) => isVoter(configuration, id);
  if (isMoveOfAll(to) && !isMoveOfAll(from) && !idsOf(configuration).every(isVoting)) return false;
  const had = holdersIn(from);
  // The first placement has the shards of the configuration, of which somebody may be gone for good.
  const isLost = (id: ControllerId) =>
    from === null && isGone(configuration, id) && holdersBefore(to).has(id);
  // mutant: gives-shards-to-who-leaves
  return [...holdersIn(to)].every((id) => had.has(id) || isServer(configuration, id) || isLost(id));
}

/** A view with this configuration may be the first one without controllers that are gone for good. */
function mayDropLost(configuration: Configuration | null): boolean {
  return configuration?.forced !== undefined && isChanging(configuration);
}

/** Those that have shards go on to vote or to follow, unless they are gone for good. Nobody comes in a move of all. */
function keepVotes(to: Configuration, from: Configuration | null, placement: Placement | null): boolean {
  if (isForcing(to)) return true;
  const isToCome = (id: ControllerId) => isJoining(to, id) || isFollower(to, id);
  const isNew = (id: ControllerId) => isToCome(id) && (from === null || !isConfigured(from, id));
  if (isMoveOfAll(placement) && idsOf(to).some(isNew)) return false;
  const goes = (id: ControllerId) =>
    (from === null || isServer(from, id)) && !isServer(to, id) && !isRemovedByForce(to, id);
  // mutant: removes-who-gets-shards
  return ![...holdersIn(placement)].some(goes);
}

/** All controllers have entries of a keyspace that moves, and take part in the move. */
function isMoveOfAll(placement: Placement | null): boolean {
  const move = placement?.move ?? null;
  return move !== null && (move.reshard === undefined || concernsAll(move.reshard));
}

/** The controllers that have shards by the placement as long as its move has not come to its end. */
function holdersBefore({ shards = [], move }: Placement): ReadonlySet<ControllerId> {
  const from = move?.reshard?.from;
  return holdersOf(from === undefined || isWhole(from) ? shards : [...shards, from]);
}

function holdersIn(placement: Placement | null): ReadonlySet<ControllerId> {
  return placement === null ? new Set() : holdersOf(shardsNamedIn(placement));
}
