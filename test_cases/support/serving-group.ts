import type { Hop } from '../../src/consistency/hop/hop.ts';
import type { ServingGroup } from '../../src/consistency/policies.ts';
import { OPEN } from '../../src/membership/gate.ts';
import type { Scheme } from '../../src/replication/scheme.ts';

/** The group of a test that needs only the scheme. */
export function groupWith(scheme: Scheme): ServingGroup {
  return {
    number: 0,
    scheme,
    takesDifferences: false,
    placementGate: () => OPEN,
    chainOf: () => null,
    baseOnDisk: () => null,
  };
}

/** What a keyspace has beside its group where it is not moved, and has no shards. */
export const WHOLE = { hold: 'nothing', elsewhere: null, shards: null } as const;

/** For coordinators of keyspaces without shards, which never ask another controller. */
export const NO_HOP = {} as Hop;
