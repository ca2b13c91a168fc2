import type { GroupNumber } from '../base/number-kinds.ts';
import { type Stretch, Stretches } from '../ordering/stretches.ts';
import { compareVersions, NO_VERSION, sameVersion, type Version } from '../ordering/version.ts';
import type { Level } from '../placement/level.ts';

/** What one client has seen and written, as far as the schemes need it. A connection is a session. */
export interface Session {
  /**
   * Requests of the client that have been started. A read may find its value late, after a later request has been
   * started. The newest value may by then be newer than what the client has seen since, and must not be given to that
   * read.
   */
  started: number;
  /** By groups whose sessions go from controller to controller; none before the first request that concerns one. */
  readonly parts: SessionPart[];
  /** What it has seen of ordered groups through other controllers; null before the first answer from such a group. */
  reached: GroupState[] | null;
}

/** A state of an ordered group: every write up to this version is applied. */
export interface GroupState {
  readonly group: GroupNumber;
  version: Version;
}

/** The state of the group that the session has seen; `NO_VERSION` where it has seen none. */
export function reachedIn({ reached }: Session, group: GroupNumber): Version {
  return reached?.find((one) => one.group === group)?.version ?? NO_VERSION;
}

/** The session has seen this state of the group. */
export function noteReached(session: Session, group: GroupNumber, version: Version): void {
  if (sameVersion(version, NO_VERSION)) return;
  session.reached ??= [];
  const known = session.reached.find((one) => one.group === group);
  if (known === undefined) session.reached.push({ group, version });
  else if (compareVersions(version, known.version) > 0) known.version = version;
}

/** What a session has seen and written in one group, at `causal`. */
export interface SessionPart {
  readonly group: GroupNumber;
  /** All of it, and what that depends on. A token carries it elsewhere. */
  readonly seen: Stretches;
  /**
   * The part of it that this controller may not show yet. Reads wait for it, and writes carry it along. Null where this
   * controller shows all that the client has seen, as it does for a client that has come with no token.
   */
  required: Stretches | null;
  /** How far the session has taken the foreign dependencies of the group; 0 for not at all. */
  foreignTaken: number;
}

/** Stretches of each origin that a session remembers; further ones are joined, so that more is waited for than need be. */
export const SESSION_STRETCHES_MAX = 2;

/**
 * The parts of a session that others have to know. What is named of a group that has ended needs no wait: the groups
 * that got its keys show it. One such part stays where there is no other, and tells that the session has seen something
 * (see `CausalSide`).
 */
export function lastingParts<Part extends { readonly group: GroupNumber }>(
  parts: readonly Part[],
  hasEnded: (group: GroupNumber) => boolean,
): readonly Part[] {
  const lasting = parts.filter(({ group }) => !hasEnded(group));
  return lasting.length > 0 ? lasting : parts.slice(0, 1);
}

/** What the session has seen, for another controller. */
export function seenParts(
  { parts }: Session,
  hasEnded: (group: GroupNumber) => boolean,
): { group: GroupNumber; seen: Stretch[] }[] {
  return lastingParts(parts, hasEnded).map(({ group, seen }) => ({ group, seen: [...seen] }));
}

/** The part of the session for the group, which is made where there is none. */
export function partOf({ parts }: Session, group: GroupNumber): SessionPart {
  for (const part of parts) if (part.group === group) return part;
  const made: SessionPart = { group, seen: new Stretches(), required: null, foreignTaken: 0 };
  parts.push(made);
  return made;
}

/** The session depends on this of the group, which this controller may not show, and may have no part in. */
export function noteSeen(session: Session, group: GroupNumber, seen: Iterable<Stretch>): void {
  const more = Stretches.of(seen);
  const part = partOf(session, group);
  if (part.seen.dominates(more)) return;
  part.seen.merge(more);
  part.seen.joinNewest(SESSION_STRETCHES_MAX);
  part.required ??= new Stretches();
  part.required.merge(more);
  part.required.joinNewest(SESSION_STRETCHES_MAX);
}

/** Goes with a request from the front door to the scheme. A connection has one context for all its requests. */
export interface RequestContext {
  /** The level that the reads ask for, unless a read names its own; null for the level of the keyspace. */
  level: Level | null;
  /** The oldest state that the reads ask for, in milliseconds; null where they ask for no bound. Then `level` is null. */
  maxAgeMs: number | null;
  readonly session: Session;
  /** The client is one of another controller, which has sent its request here because the key is here. */
  readonly isOfPeer: boolean;
}

/** The context of a new connection. */
export function newContext(isOfPeer = false): RequestContext {
  return { level: null, maxAgeMs: null, session: { started: 0, parts: [], reached: null }, isOfPeer };
}

/** The context of writes that no client has asked for. */
export const OWN_CONTEXT: Readonly<RequestContext> = Object.freeze(newContext());
