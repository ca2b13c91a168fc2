import type { Recorder } from './recorder.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';

/** The part of a controller that is judged. */
export type JudgedNode = Pick<SimNode, 'id' | 'incarnation' | 'diedMs' | 'store' | 'journal'>;

/** The part of a cluster that is judged. */
export interface Judged
  extends Pick<SimCluster, 'level' | 'durability' | 'losses' | 'lossesAlone' | 'resumptions'> {
  readonly nodes: readonly JudgedNode[];
  /** Controllers that are none of the cluster any more. */
  readonly former: readonly JudgedNode[];
  /** How many of the controllers have each key: all of them, where it is not given. */
  readonly replicas?: number;
}

/** Whoever may have answered a client. */
export function everyNode({ nodes, former }: Judged): readonly JudgedNode[] {
  return [...nodes, ...former];
}

/** What the clients saw. */
export type JudgedRecord = Pick<
  Recorder,
  'history' | 'planned' | 'seen' | 'unanswered' | 'failures' | 'doubtful'
>;
