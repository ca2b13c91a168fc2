import type { GroupNumber, VersionTime } from '../../base/number-kinds.ts';
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
  /** Before the first write of the origin's run, and after all writes of its earlier runs that it does not tell of. */
  readonly runStart: number;
  /** What the origin showed when it made the writes, as far as it had not said so in an earlier push. */
  readonly needs: readonly Stretch[];
  readonly attached: readonly Attached[];
  readonly effects: readonly Effect[];
}

/** What was seen in one group. */
export interface SeenPart {
  readonly group: GroupNumber;
  readonly seen: readonly Stretch[];
}

/**
 * At `causal`: what writes of the sender's group depend on in other groups. Sent before the first of those writes, and
 * only what the receiver has not been told.
 */
export interface Foreign {
  readonly type: 'foreign';
  readonly parts: readonly SeenPart[];
}

/** What a write depends on that its origin did not show when the write was made: whoever reads the write depends on it. */
export interface Attached {
  readonly version: Version;
  readonly needs: readonly Stretch[];
}

export type ConvergentMessage = Push | CausalPush | Foreign;

/** Messages of the convergent scheme alone: no other scheme takes them. */
export function isConvergentMessage<M extends { readonly type: string }>(
  message: M,
): message is Extract<M, ConvergentMessage> {
  return message.type === 'push' || message.type === 'causal-push' || message.type === 'foreign';
}
