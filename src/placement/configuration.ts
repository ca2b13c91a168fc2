import { type ControllerId, IDS_END } from '../base/number-kinds.ts';
import { NO_STAMP, type Stamp, stampOf } from './stamp.ts';

/** A controller that a group may be made of, and where the others reach it. */
export interface ConfiguredController {
  readonly id: ControllerId;
  readonly host: string;
  readonly port: number;
  /**
   * Absent: the controller votes. It counts for majorities, and may be a member of a view. `joining`: it takes the
   * state over. `leaving`: it is about to be removed. `following`: it has shards, or forwards requests, and was never
   * meant to vote. None of them counts, is a member, or proposes a view. One that follows serves, the others do not.
   */
  readonly phase?: 'joining' | 'leaving' | 'following';
  /** Where it stands, if it was said when it was added. Those of `peers` have theirs in the configuration file. */
  readonly zone?: string;
}

/**
 * The controllers that a group may be made of, and whose majority counts. Their ids need not follow each other.
 *
 * Whatever needs "all controllers" or "a majority" asks a configuration, and never counts for itself.
 */
export interface Configuration {
  /** How often it was changed. Absent: it is that of the configuration file. */
  readonly epoch?: number;
  /** In order of their ids. */
  readonly controllers: readonly ConfiguredController[];
  /**
   * While a change is under way: the controllers that voted before it. It is not known yet that a view with the change
   * is installed, so a majority of them has to agree as well.
   */
  readonly before?: readonly ControllerId[];
  /** The smallest id that no controller ever had. Absent: `idsEndOf` tells. */
  readonly nextId?: number;
  /** Controllers were dropped since they are gone for good. Absent where that never was so. See `withoutLost`. */
  readonly forced?: Forced;
}

/** What is kept of forced changes. */
export interface Forced {
  /** A name for each change that was forced without a majority since the cluster was formed, oldest first. */
  readonly marks: readonly string[];
  /** The controllers that these changes dropped. */
  readonly removed: readonly ConfiguredController[];
  /** It is not known yet that a view with the last change is installed: all controllers that vote have to agree. */
  readonly all?: true;
}

/** The most controllers that vote: every view needs a majority of them, and every write all members. */
export const VOTERS_MAX = 7;

/** The bytes that a configuration may take as JSON: 1,024 controllers with names of some length. */
export const CONFIGURATION_BYTES_MAX = 131_072;

/**
 * The configuration that a list of addresses makes: each controller's id is its place in the list.
 *
 * @param voters so many vote, the first ones; the others follow
 */
export function configurationOf(
  addresses: readonly { readonly host: string; readonly port: number }[],
  voters = addresses.length,
): Configuration {
  return {
    controllers: addresses.map(({ host, port }, id): ConfiguredController => {
      return id < voters ? { id, host, port } : { id, host, port, phase: 'following' };
    }),
  };
}

/**
 * The configuration of a group that only these controllers take part in, in which all of them vote: also one that the
 * cluster has no more, or not yet, as far as is known here.
 */
export function configurationAmong(
  configuration: Configuration,
  members: readonly ControllerId[],
): Configuration {
  return {
    // mutant: majority-of-the-known
    controllers: members.map((id) => {
      const { host, port } = controllerOf(configuration, id) ?? {
        host: `controller-${id}`,
        port: 0,
      };
      return { id, host, port };
    }),
  };
}

/** The ids of all controllers, in order: those that vote, join and leave. */
export function idsOf({ controllers }: Configuration): readonly ControllerId[] {
  return controllers.map(({ id }) => id);
}

/** The ids of the controllers that vote, in order. */
export function votersOf({ controllers }: Configuration): readonly ControllerId[] {
  return controllers.filter(isVoting).map(({ id }) => id);
}

/** The ids of the controllers that vote, or did so and are about to be removed. */
export function everVotedOf({ controllers }: Configuration): readonly ControllerId[] {
  // mutant: forgets-those-that-leave
  return controllers.filter(({ phase }) => phase === undefined || phase === 'leaving').map(({ id }) => id);
}

/** The ids of the controllers that serve, in order: those that vote or follow. */
export function serversOf({ controllers }: Configuration): readonly ControllerId[] {
  return controllers.filter(isServing).map(({ id }) => id);
}

/** One more than the largest id that was ever given: the length of an array with a place for each id. */
export function idsEndOf({ controllers, nextId }: Configuration): number {
  const end = controllers.length === 0 ? 0 : controllers.at(-1)!.id + 1;
  return Math.max(end, nextId ?? 0);
}

export function isConfigured(configuration: Configuration, id: ControllerId): boolean {
  return controllerOf(configuration, id) !== undefined;
}

/** The controller had this id, and is none of the cluster any more. No other one ever gets it. */
export function isGone(configuration: Configuration, id: ControllerId): boolean {
  return id < idsEndOf(configuration) && !isConfigured(configuration, id);
}

/** The controller was added, and takes the state over. */
export function isJoining(configuration: Configuration, id: ControllerId): boolean {
  return controllerOf(configuration, id)?.phase === 'joining';
}

/** The controller serves, and does not vote. */
export function isFollower(configuration: Configuration, id: ControllerId): boolean {
  return controllerOf(configuration, id)?.phase === 'following';
}

/** Some controllers serve, and do not vote. */
export function hasFollowers({ controllers }: Configuration): boolean {
  return controllers.some(({ phase }) => phase === 'following');
}

/** The controller votes or follows: it may have shards. */
export function isServer(configuration: Configuration, id: ControllerId): boolean {
  const found = controllerOf(configuration, id);
  return found !== undefined && isServing(found);
}

export function isVoter(configuration: Configuration, id: ControllerId): boolean {
  const found = controllerOf(configuration, id);
  return found !== undefined && isVoting(found);
}

/** They are in order of their ids, and there may be a thousand. */
function controllerOf({ controllers }: Configuration, id: ControllerId): ConfiguredController | undefined {
  let [from, to] = [0, controllers.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const found = controllers[middle]!;
    if (found.id === id) return found;
    if (found.id < id) from = middle + 1;
    else to = middle;
  }
  return undefined;
}

/** The controller votes, or did so before a change that is under way. */
export function isCounted(configuration: Configuration, id: ControllerId): boolean {
  return isVoter(configuration, id) || configuration.before?.includes(id) === true;
}

/** `HOST:PORT`; the id where the controller is not known. */
export function addressTextOf(configuration: Configuration, id: ControllerId): string {
  const found = controllerOf(configuration, id);
  return found === undefined ? `controller ${id}` : `${found.host}:${found.port}`;
}

/**
 * These controllers, each named once, contain a majority of those that vote; while a change is under way, also a
 * majority of those that voted before it, and while a forced change is under way, all that vote.
 */
export function haveMajority(configuration: Configuration, ids: readonly ControllerId[]): boolean {
  const { before } = configuration;
  if (!areEnough(configuration, ids)) return false;
  return before === undefined || isMajorityOf(before, ids);
}

/**
 * A view may have these members: they vote, they are a majority of those that vote, and while a change is under way,
 * every majority of those that voted before it has one of them. Therefore a proposer that knows the configuration
 * before the change alone asks one of them.
 */
export function mayBeMembers(configuration: Configuration, ids: readonly ControllerId[]): boolean {
  const voters = votersOf(configuration);
  const { before } = configuration;
  if (!ids.every((id) => voters.includes(id)) || !areEnough(configuration, ids)) return false;
  // mutant: members-unknown-before
  return (
    before === undefined ||
    ids.filter((id) => before.includes(id)).length > before.length - majorityOf(before.length)
  );
}

/** All controllers that count have been heard: those that vote, and those that voted before a change under way. */
export function areAllHeard(configuration: Configuration, has: (id: ControllerId) => boolean): boolean {
  return votersOf(configuration).every(has) && (configuration.before ?? []).every(has);
}

/** So many controllers that vote may be missing from a majority. */
export function spareIn(configuration: Configuration): number {
  const voting = votersOf(configuration).length;
  return voting - majorityOf(voting);
}

/** The size of a majority of so many. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

/** 0 for the configuration of the configuration file. */
export function configurationEpoch(configuration: Configuration | null): number {
  return configuration?.epoch ?? 0;
}

/** A change is under way, so another one has to wait. */
export function isChanging({ before, forced }: Configuration): boolean {
  return before !== undefined || forced?.all === true;
}

/** The one that was forced more often; else the one with the larger epoch; the first of two with the same. */
export function newerConfiguration(a: Configuration, b: Configuration): Configuration {
  const times = (a.forced?.marks.length ?? 0) - (b.forced?.marks.length ?? 0);
  return (times || configurationEpoch(a) - configurationEpoch(b)) >= 0 ? a : b;
}

export function sameConfiguration(a: Configuration | null, b: Configuration | null): boolean {
  return a === b || JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));
}

export function configurationStamp(configuration: Configuration): Stamp {
  const { epoch } = configuration;
  return epoch === undefined ? NO_STAMP : stampOf(epoch, inOrder(configuration));
}

/** @returns what makes this no configuration that was agreed, in words; null when it is one */
export function configurationFlaw(configuration: Configuration): string | null {
  const { epoch, controllers, before, nextId } = configuration;
  if (!isWhole(epoch) || epoch! < 1) return 'a configuration has no epoch';
  if (JSON.stringify(configuration).length > CONFIGURATION_BYTES_MAX) return 'a configuration is too large';
  if (!Array.isArray(controllers) || !isWhole(nextId) || nextId! > IDS_END)
    return 'a configuration is incomplete';
  const voting = votersOf(configuration).length;
  if (voting < 1 || voting > VOTERS_MAX) return `a configuration has ${voting} controllers that vote`;
  let last = -1;
  for (const { id, host, port, phase, zone } of controllers) {
    if (!isWhole(id) || id <= last || id >= nextId!) return 'the ids of a configuration are out of order';
    if (typeof host !== 'string' || host === '' || !isWhole(port) || port > 65_535)
      return `controller ${id} has no address`;
    if (phase !== undefined && !PHASES.includes(phase)) return `controller ${id} is in no phase`;
    if (zone !== undefined && !isZone(zone)) return `controller ${id} is in no zone`;
    last = id;
  }
  if (configuration.forced !== undefined && !isForcedRight(configuration.forced, nextId!))
    return 'what a configuration says of forced changes is wrong';
  if (before === undefined) return null;
  const isRight =
    Array.isArray(before) && before.length > 0 && before.length <= VOTERS_MAX && before.every(isWhole);
  return isRight && new Set(before).size === before.length
    ? null
    : 'the voters before a change are no list of ids';
}

const PHASES: readonly string[] = ['joining', 'leaving', 'following'];

/** A name of a zone: 1 to 32 letters, digits, dots, dashes and underscores. */
export function isZone(zone: unknown): zone is string {
  return typeof zone === 'string' && /^[\w.-]{1,32}$/.test(zone);
}

/**
 * The zones of all controllers by their ids, for those that the configuration file lists and those that were added.
 * A controller without one stands in a zone of its own.
 *
 * @param configured those of the configuration file
 */
export function zonesIn(configuration: Configuration, configured: readonly string[]): readonly string[] {
  const { controllers } = configuration;
  if (configured.length === 0 && controllers.every(({ zone }) => zone === undefined)) return configured;
  return Array.from({ length: idsEndOf(configuration) }, (_, id) => {
    // mutant: added-without-a-zone
    const added = controllers.find((one) => one.id === id)?.zone;
    return configured[id] ?? added ?? `(${id})`;
  });
}

function isForcedRight({ marks, removed, all }: Forced, nextId: number): boolean {
  const isMark = (mark: unknown) => typeof mark === 'string' && /^[\w-]{1,40}$/.test(mark);
  const isAddress = ({ id, host, port }: ConfiguredController) =>
    isWhole(id) && id < nextId && typeof host === 'string' && isWhole(port) && port <= 65_535;
  const areLists = Array.isArray(marks) && Array.isArray(removed);
  return areLists && marks.every(isMark) && removed.every(isAddress) && (all === undefined || all === true);
}

function isServing({ phase }: ConfiguredController): boolean {
  return phase === undefined || phase === 'following';
}

function isVoting({ phase }: ConfiguredController): boolean {
  // mutant: counts-joining
  return phase === undefined;
}

/** Of those that vote a majority, or all of them while a forced change is under way. */
function areEnough(configuration: Configuration, ids: readonly ControllerId[]): boolean {
  const voters = votersOf(configuration);
  // mutant: forced-by-some
  const enough = configuration.forced?.all ? voters.length : majorityOf(voters.length);
  return voters.filter((id) => ids.includes(id)).length >= enough;
}

function isMajorityOf(counted: readonly ControllerId[], ids: readonly ControllerId[]): boolean {
  return ids.filter((id) => counted.includes(id)).length >= majorityOf(counted.length);
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** With the fields in one order, whatever order they were read in. */
function inOrder(configuration: Configuration | null): unknown {
  if (configuration === null) return null;
  const { epoch, controllers, before, nextId, forced } = configuration;
  const inOrderOfFields = ({ id, host, port, phase, zone }: ConfiguredController) =>
    zone === undefined ? [id, host, port, phase] : [id, host, port, phase, zone];
  const dropped = forced && [forced.marks, forced.removed.map(inOrderOfFields), forced.all];
  return [epoch, before, nextId, controllers.map(inOrderOfFields), dropped];
}
