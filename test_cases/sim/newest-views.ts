import type { View } from '../../src/membership/view.ts';
import { haveMajority } from '../../src/placement/configuration.ts';

/** What the newest views of the ordered groups tell of the controllers that a cluster can do without. */

/**
 * A controller that is outside of a view may find that nobody can continue from what it has copied there. It starts
 * empty then, and with nothing on disk that takes its memory of the other ordered groups, too.
 */
export function mayStartEmpty(views: readonly View[], id: number): boolean {
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
