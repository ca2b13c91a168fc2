import type { HttpClient } from '../../../http/http-client.ts';
import type { HttpPorts } from '../../../http/http-ports.ts';
import type { Paths } from '../paths.ts';
import { runsOf } from '../runs.ts';

/** A view that nodes serve in. */
export interface ServedView {
  /** Names the view: nodes that were told the same nodes and the same factor have the same one. */
  readonly id: string;
  /** Each change of the view counts one more. */
  readonly number: number;
  /** Empty for a node that waits for a view change that names it. */
  readonly nodes: readonly string[];
  /** How many nodes have each key. */
  readonly factor: number;
  readonly paths: Paths;
}

/** One change of the view, as all nodes are told of it. */
export interface ViewChange {
  /** That of the new view. */
  readonly id: string;
  readonly from: ServedView;
  readonly to: ServedView;
  /** The node that leads the change. It may be in neither view. */
  readonly leader: string;
  /** The run of each node of either view, and of the leader. */
  readonly runs: Readonly<Record<string, string>>;
}

/** What serves a view on one node: a controller of the view's own cluster. */
export interface ServedEpoch {
  readonly view: ServedView;
  readonly ports: HttpPorts;
  /** A client of this controller. To be destroyed after its last request. */
  readonly client: () => EpochClient;
}

export interface EpochClient extends HttpClient {
  destroy(): void;
}

/** The nodes of either view, each once. */
export function participantsOf({ from, to }: Pick<ViewChange, 'from' | 'to'>): readonly string[] {
  return [...new Set([...from.nodes, ...to.nodes])];
}

/** The nodes of each shard, in the order of the view. */
export function shardsIn({ nodes, factor }: ServedView): readonly (readonly string[])[] {
  return runsOf(nodes, factor);
}

/** The view of a node that waits. */
export function waitingView(number: number, paths: Paths): ServedView {
  return { id: 'waiting', number, nodes: [], factor: 1, paths };
}
