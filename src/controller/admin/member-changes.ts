import { canonicalHost, parseAddress } from '../../base/address-text.ts';
import type { ErrorCode } from '../../base/error-codes.ts';
import type { ControllerId } from '../../base/number-kinds.ts';
import {
  addressTextOf,
  type Configuration,
  haveMajority,
  idsOf,
  isChanging,
  isFollower,
  isGone,
  isJoining,
  isVoter,
  isZone,
  majorityOf,
  mayBeMembers,
  VOTERS_MAX,
  votersOf,
} from '../../placement/configuration.ts';
import { withAdded, without, withVoters } from '../../placement/member-changes.ts';
import type { WantedMembers } from '../../protocol/request.ts';

/** What has to be known of the controllers to change which of them vote. */
export interface MemberSituation {
  /** This controller. */
  readonly node: ControllerId;
  readonly configuration: Configuration;
  /** Peers that are heard. */
  readonly heard: readonly ControllerId[];
  /** Those of them that are about to end. */
  readonly ending: readonly ControllerId[];
  /** Why the peer can't be taken into a view now, in words; empty when it can. */
  readonly joinTroubleOf: (peer: ControllerId) => string;
  /** The controller votes no more, and would be dropped if it could be asked for what it wrote. */
  readonly isLeftBehind: (peer: ControllerId) => boolean;
  /** The names of the keyspaces that have shards on the controller. */
  readonly spreadOver: (peer: ControllerId) => readonly string[];
  /** A keyspace is being changed, which waits for all controllers that vote, and for all that have its shards. */
  readonly isMoving: boolean;
  /** Every keyspace has shards, so a controller may follow. */
  readonly areAllSpread: boolean;
}

export type ParsedMembers =
  | {
      readonly kind: 'change';
      readonly to: Configuration;
      /** Controllers that have to be members of the view that carries the change, and were none before. */
      readonly come: readonly ControllerId[];
      /** What a client is told once it is agreed. */
      readonly text: string;
    }
  /** It is so already. */
  | { readonly kind: 'same'; readonly text: string }
  /** It can't be done at all. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It can't be done now. */
  | { readonly kind: 'later'; readonly code: ErrorCode; readonly reason: string };

/** What the words change, and whether that can be done safely. */
export function memberChangeOf(wanted: WantedMembers, situation: MemberSituation): ParsedMembers {
  const { configuration, node } = situation;
  const come = wanted.come === null ? null : idNamed(wanted.come, configuration);
  const go = wanted.go === null ? null : idNamed(wanted.go, configuration);
  if (wanted.go !== null && go === null) {
    const isGone = wasGiven(wanted.go, configuration) && wanted.come === null;
    const text = `controller ${wanted.go} is none of the cluster any more`;
    return isGone ? { kind: 'same', text } : refused(whyUnknown(wanted.go, configuration));
  }
  // A move may wait for one that follows, and is gone for good.
  const isFollowerToGo = go !== null && wanted.come === null && isFollower(configuration, go);
  const spread = go === null ? null : spreadFlaw(go, situation);
  if (situation.isMoving && !isFollowerToGo) {
    const isAway = go !== null && go !== node && !situation.heard.includes(go);
    return refused((isAway ? spread : null) ?? MOVING);
  }
  if (wanted.come !== null && come === null) return addedOf(wanted.come, go, wanted.zone, situation);
  if (come !== null && isFollower(configuration, come)) return followingOf(come, go, configuration);
  if (go !== null && come === null && isNeverToVote(go, situation))
    return spread === null ? droppingOf(go, situation) : refused(spread);
  const same = sameOf(come, go, configuration);
  if (same !== null) return same;
  if (go === node)
    return refused(`${nameIn(configuration, go)} does not remove itself: ask another controller`);
  if (spread !== null) return refused(spread);
  // mutant: votes-before-filled
  const trouble = come === null ? '' : situation.joinTroubleOf(come);
  if (trouble !== '')
    return later('CATCHING_UP', `${nameIn(configuration, come!)} ${trouble}: try again later`);
  if (isChanging(configuration)) return UNDER_WAY;
  const coming =
    come === null ? [] : [come, ...(wanted.allThatJoin === true ? othersReady(come, situation) : [])];
  const to = withVoters(configuration, coming, go === null ? [] : [go]);
  if (typeof to === 'string') return refused(to);
  const names = votersOf(to).map((id) => nameIn(to, id));
  const text = `these vote now: ${names.join(', ')}`;
  return whyTooFew(to, situation) ?? { kind: 'change', to, come: coming, text };
}

const MOVING =
  'which controllers vote can be changed while no keyspace is being changed: keyspace lists them';

/** One that joins, one that follows, and one that voted, and is gone for good. */
function isNeverToVote(id: ControllerId, { configuration, isLeftBehind }: MemberSituation): boolean {
  return isJoining(configuration, id) || isFollower(configuration, id) || isLeftBehind(id);
}

/** @returns why a controller can not go yet: it has shards; null where it has none */
function spreadFlaw(
  go: ControllerId,
  { node, configuration, heard, spreadOver }: MemberSituation,
): string | null {
  const [keyspace] = spreadOver(go);
  // mutant: goes-with-its-shards
  if (keyspace === undefined) return null;
  const has = `${nameIn(configuration, go)} has shards of ${keyspace}`;
  const first = `${has}: first have others take them, by keyspace ${keyspace} rebalance without ${go}`;
  if (go === node || heard.includes(go)) return first;
  return `${has}, and can not be reached: start it; if it is gone for good, member remove ${go} --force drops it`;
}

/** It is so already, or never will be. */
function followingOf(
  come: ControllerId,
  go: ControllerId | null,
  configuration: Configuration,
): ParsedMembers {
  const text = `${nameIn(configuration, come)} follows: it may have shards, and does not vote`;
  if (go === null) return { kind: 'same', text };
  return refused(`${text}: to replace a controller that votes, name an address at which there is none yet`);
}

/** Further controllers that join, and could be taken in now: as many as may vote. */
function othersReady(come: ControllerId, { configuration, joinTroubleOf }: MemberSituation): ControllerId[] {
  // mutant: takes-in-who-is-not-heard
  return idsOf(configuration)
    .filter((id) => id !== come && isJoining(configuration, id) && joinTroubleOf(id) === '')
    .slice(0, Math.max(0, VOTERS_MAX - votersOf(configuration).length - 1));
}

/**
 * A controller that the cluster does not know gets an id. Which others vote, and which go, is for another change. Where
 * as many vote as may, or one that follows is to go, it follows.
 */
function addedOf(
  word: string,
  go: ControllerId | null,
  zone: string | undefined,
  situation: MemberSituation,
): ParsedMembers {
  const { configuration, areAllSpread } = situation;
  const address = parseAddress(word);
  if (address === null || wasGiven(word, configuration)) return refused(whyUnknown(word, configuration));
  if (isChanging(configuration)) return UNDER_WAY;
  if (zone !== undefined && !isZone(zone))
    return refused('a zone has 1 to 32 letters, digits, dots, dashes and underscores');
  const isFull = go === null ? votersOf(configuration).length >= VOTERS_MAX : isFollower(configuration, go);
  if (isFull && !areAllSpread)
    return refused(
      `${VOTERS_MAX} controllers vote, and further ones need a cluster whose keyspaces all have shards`,
    );
  const phase = isFull ? 'following' : 'joining';
  const to = withAdded(configuration, zone === undefined ? address : { ...address, zone }, phase);
  if (typeof to === 'string') return refused(to);
  const { id } = to.controllers.at(-1)!;
  const text = `${nameIn(to, id)} ${isFull ? `follows: start it there; ${nextStep(id, go)}` : JOINS}`;
  return whyTooFew(to, situation) ?? { kind: 'change', to, come: [], text };
}

const JOINS = 'joins: start it there; it can vote once it has caught up';

/** How one that follows gets shards. */
function nextStep(id: ControllerId, go: ControllerId | null): string {
  if (go === null) return 'it gets shards by keyspace NAME rebalance, and does not vote';
  const given = `keyspace NAME rebalance without ${go} gives the shards of ${go} to ${id} and others`;
  return `then ${given}, and member remove ${go} ends it`;
}

/**
 * A controller that has never voted is removed in one step, and one that is gone for good in a second one: nobody can
 * ask it for what it wrote.
 */
function droppingOf(go: ControllerId, situation: MemberSituation): ParsedMembers {
  const { configuration } = situation;
  if (isChanging(configuration)) return UNDER_WAY;
  const to = without(configuration, go);
  if (typeof to === 'string') return refused(to);
  const text = `${nameIn(configuration, go)} is none of the cluster any more`;
  return whyTooFew(to, situation) ?? { kind: 'change', to, come: [], text };
}

/** The word is an id that was given to a controller which is none of the cluster any more. */
function wasGiven(word: string, configuration: Configuration): boolean {
  const text = word.replace(/^controller-/, '');
  const id = /^\d{1,4}$/.test(text) ? Number(text) : null;
  return id !== null && isGone(configuration, id);
}

/** Such as `controller 2 (127.0.0.1:8002)`. */
export function nameIn(configuration: Configuration, id: ControllerId): string {
  return `controller ${id} (${addressTextOf(configuration, id)})`;
}

/** @param word an id, also as `controller-2`, or an address */
export function idNamed(word: string, configuration: Configuration): ControllerId | null {
  const text = word.replace(/^controller-/, '');
  const found = configuration.controllers.find(
    ({ id }) => `${id}` === text || addressTextOf(configuration, id) === word,
  );
  if (found !== undefined) return found.id;
  // Such as `localhost` for 127.0.0.1.
  const address = parseAddress(word);
  if (address === null) return null;
  const isThere = ({ host, port }: { host: string; port: number }) =>
    port === address.port && canonicalHost(host) === address.host;
  return configuration.controllers.find(isThere)?.id ?? null;
}

export function whyUnknown(word: string, configuration: Configuration): string {
  const known = configuration.controllers.map(({ id }) => `${id} (${addressTextOf(configuration, id)})`);
  return `${word} is no controller of this cluster, whose controllers are ${known.join(', ')}`;
}

/** What to say of a change that changes nothing, or half of what it says; null for others. */
function sameOf(
  come: ControllerId | null,
  go: ControllerId | null,
  configuration: Configuration,
): ParsedMembers | null {
  const comes = come !== null && !isVoter(configuration, come);
  const goes = go !== null && isVoter(configuration, go);
  if (comes === (come !== null) && goes === (go !== null)) return null;
  const words = [
    come !== null && !comes ? `${nameIn(configuration, come)} votes already` : '',
    go !== null && !goes ? `${nameIn(configuration, go)} does not vote` : '',
  ];
  const text = words.filter((word) => word !== '').join(', and ');
  // A command that is sent again has its answer.
  return comes || goes ? refused(text) : { kind: 'same', text };
}

/**
 * A view with the change needs a majority of the voters before and after it. Without them the members would end the
 * view that they have, and wait.
 */
function whyTooFew(to: Configuration, { node, heard, ending }: MemberSituation): ParsedMembers | null {
  const able = [node, ...heard];
  const members = votersOf(to).filter((id) => able.includes(id));
  const staying = members.filter((id) => !ending.includes(id));
  if (staying.length < majorityOf(votersOf(to).length) && staying.length < members.length)
    return later('NO_MAJORITY', whyEnding(to, ending));
  if (haveMajority(to, able) && mayBeMembers(to, members)) return null;
  const missing = [...new Set([...votersOf(to), ...(to.before ?? [])])].filter((id) => !able.includes(id));
  const names = missing.map((id) => nameIn(to, id)).join(', ');
  return later(
    'NO_MAJORITY',
    `too few controllers are heard for that: without ${names} there is no majority`,
  );
}

/** Those that are left would serve in a view that ends with the next of them, and may have the only copy of the state. */
function whyEnding(to: Configuration, ending: readonly ControllerId[]): string {
  const names = votersOf(to).filter((id) => ending.includes(id));
  const named = names.map((id) => nameIn(to, id)).join(', ');
  return `${named} would be needed for a majority, and ${names.length === 1 ? 'is' : 'are'} about to end`;
}

function refused(reason: string): ParsedMembers {
  return { kind: 'refused', reason };
}

function later(code: ErrorCode, reason: string): ParsedMembers {
  return { kind: 'later', code, reason };
}

const UNDER_WAY = later('MEMBERS_CHANGING', 'another change of the controllers is under way: try again');
