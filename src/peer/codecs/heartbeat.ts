import { numbering } from '../../base/numbering.ts';
import type { DeparturePhase, Heartbeat } from '../../membership/messages.ts';
import type { MoveStep, Moving } from '../../placement/moving.ts';
import type { Announced } from '../../replication/messages.ts';
import type { Codec } from './codec.ts';
import {
  readAcceptorState,
  readBallot,
  readNumbers,
  readReasonText,
  wordOf,
  writeAcceptorState,
  writeBallot,
  writeNumbers,
} from './fields.ts';

/** The heartbeat, and what follows it, in bytes. */

/** How far the planned end of a controller has come. */
const DEPARTURES = numbering<DeparturePhase>({ staying: 0, draining: 1, drained: 2 });

export const heartbeat: Codec<Heartbeat> = {
  write(w, m) {
    w.u53(m.time);
    w.u53(m.wallMs);
    w.u53(m.clusterMs);
    w.u53(m.askedMs);
    writeBallot(w, m.installed);
    writeAcceptorState(w, m.acceptor);
    w.u8(m.transferring ? 1 : 0);
    writeNumbers(w, m.hears);
    w.u8(m.caughtUp ? 1 : 0);
    w.text(m.journalTrouble);
    w.u8(m.isStalling ? 1 : 0);
    w.text(m.storeTrouble);
    writeNumbers(w, m.known);
    w.u8(DEPARTURES.numberOf[m.departure]);
    writeNumbers(w, m.onProbation);
    writeNumbers(w, m.heard);
    w.u53(m.lagMs);
  },
  read: (r) => ({
    type: 'heartbeat',
    time: r.u53(),
    wallMs: r.u53(),
    clusterMs: r.u53(),
    askedMs: r.u53(),
    installed: readBallot(r),
    acceptor: readAcceptorState(r),
    transferring: r.u8() === 1,
    hears: readNumbers(r),
    caughtUp: r.u8() === 1,
    journalTrouble: readReasonText(r),
    isStalling: r.u8() === 1,
    storeTrouble: readReasonText(r),
    known: readNumbers(r),
    departure: wordOf(DEPARTURES, r.u8()),
    onProbation: readNumbers(r),
    heard: readNumbers(r),
    lagMs: r.u53(),
  }),
};

/** How far a controller has come with a move. */
const STEPS = numbering<MoveStep>({
  begun: 0,
  opened: 1,
  copied: 2,
  fenced: 3,
  'handed-over': 4,
  cleared: 5,
});

export const moving: Codec<Moving> = {
  write(w, m) {
    w.u53(m.epoch);
    w.u8(STEPS.numberOf[m.step]);
    w.u53(m.done);
    w.u53(m.total);
    w.text(m.trouble);
  },
  read: (r) => ({
    type: 'moving',
    epoch: r.u53(),
    step: wordOf(STEPS, r.u8()),
    done: r.u53(),
    total: r.u53(),
    trouble: readReasonText(r),
  }),
};

export const announced: Codec<Announced> = {
  write(w, m) {
    w.u8(m.caughtUp ? 1 : 0);
    writeNumbers(w, m.known);
  },
  read: (r) => ({ type: 'announced', caughtUp: r.u8() === 1, known: readNumbers(r) }),
};
