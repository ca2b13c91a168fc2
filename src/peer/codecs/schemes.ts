import type { OrderedFrame } from '../../replication/broadcast/messages.ts';
import type { CausalPush, Foreign, Push } from '../../replication/convergent/messages.ts';
import type { Codec } from './codec.ts';
import {
  readAttached,
  readBallot,
  readEffects,
  readNumbers,
  readSeenParts,
  readStretches,
  writeAttached,
  writeBallot,
  writeEffects,
  writeNumbers,
  writeSeenParts,
  writeStretches,
} from './fields.ts';

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

export const causalPush: Codec<CausalPush> = {
  write(w, m) {
    w.u53(m.previousTime);
    w.u53(m.runStart);
    writeStretches(w, m.needs);
    writeAttached(w, m.attached);
    writeEffects(w, m.effects);
  },
  read: (r) => ({
    type: 'causal-push',
    previousTime: r.u53(),
    runStart: r.u53(),
    needs: readStretches(r),
    attached: readAttached(r),
    effects: readEffects(r),
  }),
};

export const foreign: Codec<Foreign> = {
  write: (w, m) => writeSeenParts(w, m.parts),
  read: (r) => ({ type: 'foreign', parts: readSeenParts(r) }),
};
