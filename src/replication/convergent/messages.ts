import type { Effect } from '../../ordering/effect.ts';

/** Writes of the convergent engine, right after they were made. */
export interface Push {
  readonly type: 'push';
  /** Version time of the origin's write before these: who knows everything up to there misses nothing. */
  readonly previousTime: number;
  readonly effects: readonly Effect[];
}
