import type { HttpPorts } from '../../http/http-ports.ts';
import type { Format } from './format.ts';

/** What the routes know of the node that they belong to. */
export interface ShardedNode {
  /** The addresses of all nodes that the cluster may have, by their ids. */
  readonly nodes: readonly string[];
  readonly format: Format;
  /** How long a request waits for writes that its metadata name, in milliseconds. */
  readonly causalWaitMs: number;
}

/** The view: the nodes that answer, as this one hears them. */
export function viewOf({ nodes }: ShardedNode, { isUp }: HttpPorts): readonly string[] {
  return nodes.filter((_, id) => isUp(id));
}
