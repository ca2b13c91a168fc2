import type { DifferenceLimits } from '../../src/consistency/differences.ts';
import type { View } from '../../src/membership/view.ts';
import type { Configuration } from '../../src/placement/configuration.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimNetwork } from './sim-network.ts';
import type { Transcript } from './transcript.ts';

/** What a machine asks of the cluster around it. */
export interface NodePorts<Node> {
  /** At some time the controllers may serve each for itself, although the configuration has ordered levels alone. */
  readonly servesAlone: boolean;
  /** What the exchanges of a causal controller may stage, in bytes; undefined for the bound of a real one. */
  readonly stagedBytesMax: number | undefined;
  /** When appends replicate what they add. */
  readonly differences: DifferenceLimits;
  /** The configuration that holds while no view has one; undefined for all controllers. */
  readonly configured?: Configuration | undefined;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly network: SimNetwork;
  readonly transcript: () => Transcript | null;
  /** The controller has served since it was started. */
  readonly onSettled: () => void;
  /** The controller serves in this view of an ordered group. */
  readonly onView: (group: number, view: View) => void;
  /** The controller is about to abandon all that it knows. */
  readonly onStartEmpty: (node: Node) => void;
}
