import type { VersionTime } from '../../base/number-kinds.ts';
import type { Effect } from '../../ordering/effect.ts';

/** New writes of the sender, right after they were made. */
export interface Push {
  readonly type: 'push';
  /**
   * The version time of the sender's write before these. A receiver that knows everything up to there misses nothing.
   */
  readonly previousTime: VersionTime;
  readonly effects: readonly Effect[];
}
