import { numbering } from '../../base/numbering.ts';
import type { RangeAsk, RangePart } from '../../replication/range-messages.ts';
import type { Codec } from './codec.ts';
import { readEffects, readSeenParts, wordOf, writeEffects, writeSeenParts } from './fields.ts';

/** The messages by which records go from one shard to another, in bytes. */

const STATES = numbering<RangePart['state']>({ more: 0, little: 1, end: 2, anew: 3 });

export const rangeAsk: Codec<RangeAsk> = {
  write(w, { from, to, copy, barrier }) {
    w.u8(from);
    w.u8(to);
    w.u53(copy);
    w.u53(barrier);
  },
  read: (r) => ({ type: 'range-ask', from: r.u8(), to: r.u8(), copy: r.u53(), barrier: r.u53() }),
};

export const rangePart: Codec<RangePart> = {
  write(w, { from, to, copy, state, trouble, effects, depends }) {
    w.u8(from);
    w.u8(to);
    w.u53(copy);
    w.u8(STATES.numberOf[state]);
    w.text(trouble);
    writeEffects(w, effects);
    writeSeenParts(w, depends);
  },
  read: (r) => ({
    type: 'range-part',
    from: r.u8(),
    to: r.u8(),
    copy: r.u53(),
    state: wordOf(STATES, r.u8()),
    trouble: r.text(),
    effects: readEffects(r),
    depends: readSeenParts(r),
  }),
};
