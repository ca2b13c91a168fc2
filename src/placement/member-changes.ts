import { type ControllerId, IDS_END } from '../base/number-kinds.ts';
import {
  type Configuration,
  type ConfiguredController,
  configurationEpoch,
  configurationFlaw,
  idsEndOf,
  isChanging,
  isConfigured,
  isFollower,
  isVoter,
  mayBeMembers,
  VOTERS_MAX,
  votersOf,
} from './configuration.ts';
import { withAddressFree } from './forced.ts';

/**
 * The steps by which controllers come to vote, and stop voting. Each step is a configuration that follows another, and
 * is agreed by a view:
 *
 *  1. A controller that the cluster does not know gets an id, and joins: it takes the state over, and counts for
 *     nothing. Or it follows from then on, and is never to vote.
 *  2. Some controllers vote from now on, and others do so no more. The configuration names those that voted `before`,
 *     whose majority has to agree as well.
 *  3. Once a view with that is installed, the next configuration no longer names them. Only then may another change
 *     begin.
 *  4. A controller that does not vote is dropped: nobody links to it any more, and its id is never given again.
 *
 * The first and the last step change no majority, so a view of the members alone agrees on them.
 */

/**
 * A controller at this address joins or follows, under an id that no controller ever had.
 *
 * @returns why it can't be, in words
 */
export function withAdded(
  configuration: Configuration,
  { host, port, zone }: { readonly host: string; readonly port: number; readonly zone?: string },
  phase: 'joining' | 'following',
): Configuration | string {
  if (isChanging(configuration)) return UNDER_WAY;
  const known = configuration.controllers.find((one) => one.host === host && one.port === port);
  if (known !== undefined) return `controller ${known.id} is at ${host}:${port}`;
  // mutant: id-given-twice
  const id = nextIdOf(configuration);
  if (id >= IDS_END) return `all ${IDS_END} ids were given to controllers that came and went`;
  const place = zone === undefined ? {} : { zone };
  const added: ConfiguredController = { id, host, port, phase, ...place };
  const next = {
    ...withAddressFree(following(configuration), host, port),
    controllers: [...configuration.controllers, added],
    nextId: id + 1,
  };
  return configurationFlaw(next) ?? next;
}

/**
 * A controller that does not vote is none of the cluster any more.
 *
 * @returns why it can't be, in words
 */
export function without(configuration: Configuration, id: ControllerId): Configuration | string {
  if (isChanging(configuration)) return UNDER_WAY;
  if (!isConfigured(configuration, id)) return `there is no controller ${id}`;
  if (isVoter(configuration, id)) return `controller ${id} votes`;
  const controllers = configuration.controllers.filter((one) => one.id !== id);
  return { ...following(configuration), controllers };
}

/**
 * The controller that was added to the cluster, was removed again, and has to be dropped; null when there is none.
 * Those that the cluster was formed with stay linked: started without their data, they would form a cluster of their
 * own if nobody told them.
 *
 * @param founders how many controllers the cluster was formed with: their ids are the first ones
 */
export function toDrop(configuration: Configuration, founders: number): ControllerId | null {
  if (isChanging(configuration)) return null;
  return configuration.controllers.find(({ id, phase }) => id >= founders && phase === 'leaving')?.id ?? null;
}

/**
 * @param come ids of controllers that are joining, and vote from now on
 * @param go ids of controllers that vote, and leave
 * @returns why it can't be, in words
 */
export function withVoters(
  configuration: Configuration,
  come: readonly ControllerId[],
  go: readonly ControllerId[],
): Configuration | string {
  if (isChanging(configuration)) return UNDER_WAY;
  if (come.some((id) => isFollower(configuration, id)))
    return 'a controller that follows does not come to vote';
  const before = votersOf(configuration);
  const controllers = configuration.controllers.map(({ phase, ...one }): ConfiguredController => {
    if (come.includes(one.id)) return one;
    const after = go.includes(one.id) ? 'leaving' : phase;
    return after === undefined ? one : { ...one, phase: after };
  });
  // mutant: one-majority-of-two
  const next: Configuration = { ...following(configuration), controllers, before };
  const voting = votersOf(next);
  if (voting.length === 0) return 'the last controller that votes can not be removed';
  if (voting.length > VOTERS_MAX) return `at most ${VOTERS_MAX} controllers can vote`;
  return mayBeMembers(next, voting)
    ? next
    : 'these are too many at once: a majority of the controllers must stay';
}

/**
 * The next step by which a group comes to the voters of the root group.
 *
 * @param target the configuration of the root group, in which no change is under way
 * @param isReady a view of the group could take the controller in
 * @returns null when there is nothing to do, or nothing that can be done now
 */
export function towards(
  configuration: Configuration,
  target: Configuration,
  isReady: (id: ControllerId) => boolean,
): Configuration | null {
  if (isChanging(configuration) || isChanging(target)) return null;
  const [voters, wanted] = [votersOf(configuration), votersOf(target)];
  const come = wanted.filter((id) => !voters.includes(id) && isReady(id));
  const go = voters.filter((id) => !wanted.includes(id));
  const known = withControllersOf(configuration, target);
  const steps = [
    withVoters(known, come, go),
    withVoters(known, come, []),
    withVoters(known, [], go.slice(0, 1)),
  ];
  const possible = steps.find((step) => typeof step !== 'string' && !sameVoters(step, configuration));
  return typeof possible === 'object' ? possible : null;
}

/**
 * The voters stay, and all other controllers are those of the target; none of them votes. One that never voted in this
 * group joins here, whatever it was in the root group.
 */
function withControllersOf(configuration: Configuration, target: Configuration): Configuration {
  const voting = configuration.controllers.filter(({ phase }) => phase === undefined);
  const others = target.controllers
    .filter(({ id }) => !isVoter(configuration, id))
    .map(({ id, host, port }): ConfiguredController => {
      const known = configuration.controllers.find((one) => one.id === id);
      return { id, host, port, phase: known?.phase ?? 'joining' };
    });
  return {
    ...configuration,
    controllers: [...voting, ...others].sort((a, b) => a.id - b.id),
    nextId: Math.max(nextIdOf(configuration), nextIdOf(target)),
  };
}

/** These two configurations have the same voters. */
export function sameVoters(a: Configuration, b: Configuration): boolean {
  return votersOf(a).join() === votersOf(b).join();
}

/**
 * What a controller that was added takes for the configuration of a further group, before it has heard of one: it does
 * not vote there, and any configuration that it hears of is newer.
 */
export function beforeHeard({ controllers, nextId }: Configuration, self: ControllerId): Configuration {
  const outside = controllers.map((one): ConfiguredController => {
    return one.id === self ? { id: one.id, host: one.host, port: one.port, phase: 'joining' } : one;
  });
  return nextId === undefined ? { controllers: outside } : { controllers: outside, nextId };
}

/** The change is known to be installed: those that voted before it count no more, and a majority is enough again. */
export function settled(configuration: Configuration): Configuration {
  const { before: _, forced, ...rest } = following(configuration);
  return forced === undefined ? rest : { ...rest, forced: { marks: forced.marks, removed: forced.removed } };
}

const UNDER_WAY = 'another change of the controllers is under way';

function nextIdOf(configuration: Configuration): number {
  return configuration.nextId ?? idsEndOf(configuration);
}

function following(configuration: Configuration): Configuration {
  return { ...configuration, epoch: configurationEpoch(configuration) + 1, nextId: nextIdOf(configuration) };
}
