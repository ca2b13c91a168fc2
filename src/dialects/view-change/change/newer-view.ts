import type { StatusAnswer } from './messages.ts';
import { type ServedView, waitingView } from './served-view.ts';

/** What a node knows of itself. */
export interface OwnView {
  readonly address: string;
  readonly view: ServedView;
  /** How many keys it has. */
  readonly keys: number;
}

/**
 * The view that a node goes by now that it has heard of others: null for the one that it has. A node that takes part in
 * a view change needs no word of others. One that was killed and started again meanwhile begins in the view that its
 * environment names, and nobody else serves that any more.
 *
 *  1. The newest view that names the node is the one to serve in. The node comes back into it as into a view that
 *     never changed: empty, and filled by the other nodes of its shard.
 *  2. A newer view that does not name the node has taken the place of its own. It waits, as a node does that has left.
 *     But one with keys goes by the nodes of its own view alone: others may be of another cluster.
 *
 * @param statuses what other nodes say, by their addresses
 */
export function newerView(own: OwnView, statuses: ReadonlyMap<string, StatusAnswer>): ServedView | null {
  const { address, view, keys } = own;
  const newer = [...statuses].filter(([node, status]) => {
    return status.view.number > view.number && (keys === 0 || view.nodes.includes(node));
  });
  const [newest] = newer.map(([, status]) => status.view).toSorted((a, b) => b.number - a.number);
  if (newest === undefined) return null;
  const naming = newer.find(
    ({ 1: { view } }) => view.number === newest.number && view.nodes.includes(address),
  );
  if (naming !== undefined) return naming[1].view;
  // The number stays: a view with the number of the newest one may still name this node.
  return view.nodes.length === 0 ? null : waitingView(view.number, view.paths);
}
