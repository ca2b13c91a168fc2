import type { OrderedFrame } from '../../replication/broadcast/messages.ts';
import type { Push } from '../../replication/convergent/messages.ts';
import type { Codec } from './codec.ts';
import { readBallot, readEffects, readNumbers, writeBallot, writeEffects, writeNumbers } from './fields.ts';

/** The messages of the schemes in bytes. */

export const ordered: Codec<OrderedFrame> = {
  write(w, m) {
    writeBallot(w, m.ballot);
    w.u53(m.firstSeq);
    writeEffects(w, m.effects);
    w.u53(m.streamEnd);
    writeNumbers(w, m.received);
  },
  read: (r) => ({
    type: 'ordered',
    ballot: readBallot(r),
    firstSeq: r.u53(),
    effects: readEffects(r),
    streamEnd: r.u53(),
    received: readNumbers(r),
  }),
};

export const push: Codec<Push> = {
  write(w, m) {
    w.u53(m.previousTime);
    writeEffects(w, m.effects);
  },
  read: (r) => ({ type: 'push', previousTime: r.u53(), effects: readEffects(r) }),
};
