import type { VersionTime } from '../../base/number-kinds.ts';
import type { Effect } from '../../ordering/effect.ts';
import type { Stretch } from '../../ordering/stretches.ts';
import type { Version } from '../../ordering/version.ts';

/** Writes of the convergent scheme, right after they were made. */
export interface Push {
  readonly type: 'push';
  /**
   * The version time of the sender's write before these. A receiver that knows everything up to there misses nothing.
   */
  readonly previousTime: VersionTime;
  readonly effects: readonly Effect[];
}

/** The same at `causal`, with what the writes depend on. */
export interface CausalPush {
  readonly type: 'causal-push';
  readonly previousTime: number;
  /** Before the first write of the origin's run. */
  readonly runStart: number;
  /** What the origin showed when it made the writes, as far as it had not said so in an earlier push. */
  readonly needs: readonly Stretch[];
  readonly attached: readonly Attached[];
  readonly effects: readonly Effect[];
}

/** What a write depends on that its origin did not show when the write was made: whoever reads the write depends on it. */
export interface Attached {
  readonly version: Version;
  readonly needs: readonly Stretch[];
}
