import type { ControllerId } from '../base/number-kinds.ts';
import {
  type Configuration,
  type ConfiguredController,
  configurationEpoch,
  idsEndOf,
  mayBeMembers,
  VOTERS_MAX,
  votersOf,
} from './configuration.ts';

/**
 * The steps by which controllers come to vote, and stop voting. Each step is a configuration that follows another, and
 * is agreed by a view:
 *
 *  1. Some controllers vote from now on, and others do so no more. The configuration names those that voted `before`,
 *     whose majority has to agree as well.
 *  2. Once a view with that is installed, the next configuration no longer names them. Only then may another change
 *     begin.
 */

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
  if (configuration.before !== undefined) return 'another change of the controllers is under way';
  const before = votersOf(configuration);
  const controllers = configuration.controllers.map(({ id, host, port, phase }): ConfiguredController => {
    if (come.includes(id)) return { id, host, port };
    const after = go.includes(id) ? 'leaving' : phase;
    return after === undefined ? { id, host, port } : { id, host, port, phase: after };
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

/** The change is known to be installed: those that voted before it count no more. */
export function settled(configuration: Configuration): Configuration {
  const { before: _, ...rest } = following(configuration);
  return rest;
}

function nextIdOf(configuration: Configuration): number {
  return configuration.nextId ?? idsEndOf(configuration);
}

function following(configuration: Configuration): Configuration {
  return { ...configuration, epoch: configurationEpoch(configuration) + 1, nextId: nextIdOf(configuration) };
}
