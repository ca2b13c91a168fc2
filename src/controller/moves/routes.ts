import type { Group } from '../../replication/group.ts';
import { RangePurge } from '../../replication/range-purge.ts';
import type { Transfer } from './transfers.ts';

/** One transfer, with the groups that this controller has a part in; null for one in which it has none. */
export interface Route {
  readonly transfer: Transfer;
  readonly from: Group | null;
  readonly to: Group | null;
  readonly isOf: (key: string) => boolean;
}

export function groupsIn(groups: readonly (Group | null)[]): ReadonlySet<Group> {
  return new Set(groups.filter((group) => group !== null));
}

/** Where the group that has the keys now is not here, their values leave the store. */
export function purgeOf({ from, to, isOf }: Route): RangePurge | null {
  if (from === null) return null;
  const { replica } = from;
  return new RangePurge(replica.journal, isOf, to === null ? (key) => replica.dropValue(key) : undefined);
}
