import type { Moving } from '../../src/placement/moving.ts';
import type { RangeAsk, RangePart } from '../../src/replication/range-messages.ts';
import { EFFECTS } from './golden-effects.ts';

/** The messages by which keys get another group, for `GOLDEN_MESSAGES`. */

const LARGEST = Number.MAX_SAFE_INTEGER;

interface MoveMessages {
  readonly moving: Readonly<Record<string, Moving>>;
  readonly 'range-ask': Readonly<Record<string, RangeAsk>>;
  readonly 'range-part': Readonly<Record<string, RangePart>>;
}

export const MOVE_MESSAGES: MoveMessages = {
  moving: {
    typical: { type: 'moving', epoch: 3, step: 'handed-over', done: 100_000, total: 100_000, trouble: '' },
    extreme: {
      type: 'moving',
      epoch: LARGEST,
      step: 'cleared',
      done: LARGEST,
      total: LARGEST,
      trouble: '\xff'.repeat(240),
    },
  },
  'range-ask': {
    typical: { type: 'range-ask', from: 16, to: 21, copy: 3, barrier: 0 },
    extreme: { type: 'range-ask', from: 255, to: 16, copy: LARGEST, barrier: LARGEST },
  },
  'range-part': {
    typical: {
      type: 'range-part',
      from: 16,
      to: 21,
      copy: 3,
      state: 'little',
      trouble: '',
      effects: [EFFECTS.set, EFFECTS.delete],
      depends: [],
    },
    extreme: {
      type: 'range-part',
      from: 255,
      to: 16,
      copy: LARGEST,
      state: 'anew',
      trouble: '\xff'.repeat(240),
      effects: [],
      depends: [],
    },
  },
};
