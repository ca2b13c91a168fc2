import type { ControllerId } from '../base/number-kinds.ts';

/** A controller that a group may be made of, and where the others reach it. */
export interface ConfiguredController {
  readonly id: ControllerId;
  readonly host: string;
  readonly port: number;
}

/**
 * The controllers that a group may be made of, and whose majority counts. Their ids need not follow each other.
 *
 * Whatever needs "all controllers" or "a majority" asks a configuration, and never counts for itself.
 */
export interface Configuration {
  /** In order of their ids. */
  readonly controllers: readonly ConfiguredController[];
}

/** The configuration that a list of addresses makes: each controller's id is its place in the list. */
export function configurationOf(
  addresses: readonly { readonly host: string; readonly port: number }[],
): Configuration {
  return { controllers: addresses.map(({ host, port }, id) => ({ id, host, port })) };
}

/** In order. */
export function idsOf({ controllers }: Configuration): readonly ControllerId[] {
  return controllers.map(({ id }) => id);
}

/** One more than the largest id: the length of an array with a place for each id. */
export function idsEndOf({ controllers }: Configuration): number {
  return controllers.length === 0 ? 0 : controllers.at(-1)!.id + 1;
}

export function isConfigured({ controllers }: Configuration, id: ControllerId): boolean {
  return controllers.some((one) => one.id === id);
}

/** `HOST:PORT`; the id where the controller is not known. */
export function addressTextOf({ controllers }: Configuration, id: ControllerId): string {
  const found = controllers.find((one) => one.id === id);
  return found === undefined ? `controller ${id}` : `${found.host}:${found.port}`;
}

/** These controllers, each named once, contain a majority of the configuration. */
export function haveMajority(configuration: Configuration, ids: readonly ControllerId[]): boolean {
  const counted = ids.filter((id) => isConfigured(configuration, id)).length;
  return counted >= majorityOf(configuration.controllers.length);
}

/** So many controllers may be missing from a majority. */
export function spareIn({ controllers }: Configuration): number {
  return controllers.length - majorityOf(controllers.length);
}

/** The size of a majority of so many. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}
