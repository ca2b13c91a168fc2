import { type Configuration, isGone } from '../../placement/configuration.ts';
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

/**
 * A controller that is gone for good, and is waited for by nobody, may still serve in a group that keys leave: no view
 * holds here from which it is missing. While there is such a view its lease has ended, and those that know that it is
 * gone take it into no other one.
 */
export function mayLostServe(routes: readonly Route[], configuration: Configuration): boolean {
  return routes.some(({ from }) => {
    const views = from?.scheme.views ?? null;
    const gone = from?.members?.filter((id) => isGone(configuration, id)) ?? [];
    return views !== null && gone.some((id) => views.view === null || views.isInView(id));
  });
}
