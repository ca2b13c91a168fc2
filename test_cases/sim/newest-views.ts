import type { GroupNumber } from '../../src/base/number-kinds.ts';
import type { View } from '../../src/membership/view.ts';
import { haveMajority } from '../../src/placement/configuration.ts';
import { FIRST_SHARD_GROUP } from '../../src/placement/shards.ts';
import type { SimNode } from './sim-node.ts';

/** What the newest views of the ordered groups tell of the controllers that a cluster can do without. */

/**
 * A controller that is outside of a view may find that nobody can continue from what it has copied there. It starts
 * empty then, and with nothing on disk that takes its memory of the other ordered groups, too.
 */
export function mayStartEmpty(
  memories: ReadonlyMap<GroupNumber, { readonly view: View | null }>,
  { id, journals }: Pick<SimNode, 'id' | 'journals'>,
): boolean {
  // One that was added has no part in most shards.
  const isIn = (group: GroupNumber) => group < FIRST_SHARD_GROUP || journals.of(group) !== undefined;
  const views = [...memories].flatMap(([group, { view }]) => (isIn(group) ? (view ?? []) : []));
  return views.length > 1 && views.some(({ members }) => members.every(({ node }) => node !== id));
}

/** A majority of the controllers that vote in a group is among these, where that was changed. */
export function haveVoters(views: readonly View[], nodes: readonly { readonly id: number }[]): boolean {
  return views.every(({ configuration, members }) => {
    if (configuration === null) return true;
    const able = nodes.filter(({ id }) => members.some(({ node }) => node === id));
    return haveMajority(
      configuration,
      able.map(({ id }) => id),
    );
  });
}
