import { type ControllerId, IDS_END } from '../base/number-kinds.ts';
import {
  type Configuration,
  type ConfiguredController,
  configurationEpoch,
  configurationFlaw,
  idsEndOf,
  isChanging,
  isConfigured,
  isCounted,
  newerConfiguration,
  votersOf,
} from './configuration.ts';

/**
 * Controllers are dropped because a human has said that they are gone for good: they are asked for nothing any more.
 *
 * Where a majority is left, it agrees on that as on any change (`withoutLost`). Otherwise the configuration is forced:
 *
 *  1. All controllers that voted, and were not dropped, have to promise, accept and be members of the first view with
 *     it (`Forced.all`). Therefore two forced changes that have a controller in common happen one after the other.
 *  2. Those that were dropped may have agreed on anything meanwhile. So the configuration has a name of its own
 *     (`Forced.marks`), no epoch and no id that they may have given, and is newer than all of theirs.
 *  3. Two forced changes without a controller in common make two clusters. Neither list of marks begins with the other,
 *     so no controller of one links to a controller of the other.
 */

/** So many epochs, and so many ids, may have been given by those that were dropped. */
const EPOCHS_PASSED = 1_000_000;
const IDS_PASSED = 8;

/** The most forced changes in the life of a cluster, so that the record of views fits its place on disk. */
const MARKS_MAX = 8;

/** What follows the configuration when these are gone for good, and a majority agrees. @returns why it can't be, in words */
export function withoutLost(
  configuration: Configuration,
  lost: readonly ControllerId[],
): Configuration | string {
  if (isChanging(configuration)) return 'another change of the controllers is under way';
  const next: Configuration = {
    epoch: configurationEpoch(configuration) + 1,
    controllers: configuration.controllers.filter(({ id }) => !lost.includes(id)),
    before: votersOf(configuration),
    nextId: idsEndOf(configuration),
    forced: { marks: marksOf(configuration), removed: removedWith(configuration, lost) },
  };
  return configurationFlaw(next) ?? next;
}

/** The same without a majority. @returns why it can't be, in words */
export function forcedWithout(
  configuration: Configuration,
  lost: readonly ControllerId[],
  mark: string,
): Configuration | string {
  const { controllers, forced } = configuration;
  const stay = controllers.filter(({ id }) => !lost.includes(id));
  if (!stay.some(({ id }) => isCounted(configuration, id))) return 'no controller that votes would stay';
  const marks = [...(forced?.marks ?? []), mark];
  if (marks.length > MARKS_MAX) return `a cluster is forced at most ${MARKS_MAX} times`;
  const next: Configuration = {
    epoch: configurationEpoch(configuration) + EPOCHS_PASSED,
    controllers: stay.map(({ phase, ...one }): ConfiguredController => {
      // One that was about to leave may be the only one that has the last view.
      if (phase === undefined || isCounted(configuration, one.id)) return one;
      return { ...one, phase };
    }),
    // mutant: forced-gives-ids-again
    nextId: Math.min(IDS_END, idsEndOf(configuration) + IDS_PASSED),
    forced: {
      marks,
      removed: removedWith(configuration, lost),
      all: true,
    },
  };
  return configurationFlaw(next) ?? next;
}

/** The configuration was forced, and no view with it is known to be installed. */
export function isForcing(configuration: Configuration | null): boolean {
  return configuration?.forced?.all === true;
}

/** Human decision: the controller is gone for good. It takes part in nothing, whatever it still knows. */
export function isRemovedByForce({ forced }: Configuration, id: ControllerId): boolean {
  return forced?.removed.some((one) => one.id === id) === true;
}

/** The controllers to link to. One that was removed by force is told that, should it come back. */
export function linkedIn({ controllers, forced }: Configuration): readonly ConfiguredController[] {
  return [...controllers, ...(forced?.removed ?? [])];
}

/** The names of the forced changes that led to the configuration, oldest first. */
export function marksOf(configuration: Configuration | null): readonly string[] {
  return configuration?.forced?.marks ?? [];
}

/** Two controllers with these marks were forced apart: neither goes on from what the other has. */
export function areApart(a: readonly string[], b: readonly string[]): boolean {
  // mutant: links-forced-apart
  return a.slice(0, b.length).some((mark, i) => mark !== b[i]);
}

/** A controller that goes by `known`, and is told of the other one, goes by that from now on. */
export function follows(told: Configuration, known: Configuration): boolean {
  return newerConfiguration(known, told) === told && !areApart(marksOf(known), marksOf(told));
}

/** A controller may join at an address whose controller is gone for good. Nobody is left there to be told. */
export function withAddressFree(configuration: Configuration, host: string, port: number): Configuration {
  const { forced } = configuration;
  if (forced === undefined) return configuration;
  const removed = forced.removed.filter((one) => one.host !== host || one.port !== port);
  return { ...configuration, forced: { ...forced, removed } };
}

/** These are controllers of the group, and were removed by force from the root group. */
export function isMissingMarks(configuration: Configuration, root: Configuration): boolean {
  const { forced } = root;
  return (
    forced !== undefined &&
    forced.all === undefined &&
    marksOf(configuration).length < forced.marks.length &&
    forced.removed.some(({ id }) => isConfigured(configuration, id))
  );
}

/** The controllers that were removed by force, with these. */
function removedWith(
  { controllers, forced }: Configuration,
  lost: readonly ControllerId[],
): readonly ConfiguredController[] {
  return [...(forced?.removed ?? []), ...controllers.filter(({ id }) => lost.includes(id)).map(addressOf)];
}

function addressOf({ id, host, port }: ConfiguredController): ConfiguredController {
  return { id, host, port };
}
