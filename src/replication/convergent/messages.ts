import type { VersionTime } from '../../base/number-kinds.ts';
import type { Effect } from '../../ordering/effect.ts';

/** Writes of the convergent engine, right after they were made. */
export interface Push {
  readonly type: 'push';
  /** Version time of the origin's write before these: who knows everything up to there misses nothing. */
  readonly previousTime: VersionTime;
  readonly effects: readonly Effect[];
}
