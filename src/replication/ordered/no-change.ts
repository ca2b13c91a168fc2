import type { Draft } from '../../ordering/effect.ts';

/**
 * A write that changes nothing, since no entry has the version that it names. It moves on what was applied last.
 */
export const NO_CHANGE: Draft = {
  kind: 'delete',
  key: 'memchorus:moved',
  condition: { time: 1, node: 0 },
};
