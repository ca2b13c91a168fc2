import { isLevel, type Level } from './level.ts';
import type { KeyspaceSettings } from './placement.ts';

/**
 * Which keyspace has which level, as the controllers agree on it. Each change of a placement is a new placement
 * with the next epoch.
 *
 * A cluster whose levels were never changed while it ran has none of these: it goes by the configuration. From
 * the first change on the placement wins over the configuration.
 */
export interface Placement {
  /** 1 for the first placement. */
  readonly epoch: number;
  /** All keyspaces of the cluster, the default one among them. */
  readonly keyspaces: readonly KeyspaceSettings[];
}

/** The bytes that a placement may take as JSON, so that the record of views fits its place on disk. */
export const PLACEMENT_BYTES_MAX = 8_192;

const NAME = /^[\w-]{1,32}$/;

/** @param configured the keyspaces that the cluster goes by while it has no placement */
export function withLevel(
  placement: Placement | null,
  configured: readonly KeyspaceSettings[],
  name: string,
  level: Level,
): Placement {
  const keyspaces = (placement?.keyspaces ?? configured).map((keyspace) =>
    keyspace.name === name ? { ...keyspace, level } : keyspace,
  );
  return { epoch: epochOf(placement) + 1, keyspaces };
}

/** 0 where there is no placement. */
export function epochOf(placement: Placement | null): number {
  return placement?.epoch ?? 0;
}

export function samePlacement(a: Placement | null, b: Placement | null): boolean {
  return a === b || JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));
}

/** @returns what makes this no placement, in words; null when it is one */
export function placementFlaw({ epoch, keyspaces }: Placement): string | null {
  if (!Number.isSafeInteger(epoch) || epoch < 1) return `a placement has the epoch ${epoch}`;
  if (JSON.stringify(keyspaces).length > PLACEMENT_BYTES_MAX) return 'a placement is too large';
  for (const { name, prefix, level } of keyspaces) {
    if (!NAME.test(name)) return 'the name of a keyspace is no word';
    if (!/^[\x21-\x7e\x80-\xff]*$/.test(prefix)) return `the prefix of ${name} is no part of a key`;
    if (!isLevel(level)) return `the level of ${name} is unknown`;
  }
  const distinct = (values: readonly string[]) => new Set(values).size === keyspaces.length;
  if (!distinct(keyspaces.map(({ name }) => name))) return 'two keyspaces have the same name';
  if (!distinct(keyspaces.map(({ prefix }) => prefix))) return 'two keyspaces have the same prefix';
  return keyspaces.some(({ prefix }) => prefix === '') ? null : 'no keyspace has the empty prefix';
}

/** With the fields in one order, whatever order they were read in. */
function inOrder(placement: Placement | null): Placement | null {
  if (placement === null) return null;
  const keyspaces = placement.keyspaces.map(({ name, prefix, level }) => ({ name, prefix, level }));
  return { epoch: placement.epoch, keyspaces };
}
