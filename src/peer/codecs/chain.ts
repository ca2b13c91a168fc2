import type {
  ChainAsk,
  ChainDown,
  ChainStable,
  ChainTold,
  Ticket,
} from '../../replication/chain/messages.ts';
import type { Codec } from './codec.ts';
import {
  readBallot,
  readEffects,
  readNumbers,
  readVersion,
  writeBallot,
  writeEffects,
  writeNumbers,
  writeVersion,
} from './fields.ts';

/** The messages of a chain in bytes. */

export const chainAsk: Codec<ChainAsk> = {
  write(w, m) {
    writeBallot(w, m.ballot);
    w.u53(m.firstNumber);
    w.u53(m.after);
    writeBallot(w, m.askedIn);
    w.u53(m.settled);
    writeEffects(w, m.effects);
  },
  read: (r) => ({
    type: 'chain-ask',
    ballot: readBallot(r),
    firstNumber: r.u53(),
    after: r.u53(),
    askedIn: readBallot(r),
    settled: r.u53(),
    effects: readEffects(r),
  }),
};

export const chainDown: Codec<ChainDown> = {
  write(w, m) {
    writeBallot(w, m.ballot);
    w.u53(m.firstSeq);
    writeEffects(w, m.effects);
    w.u32(m.tickets.length);
    for (const { node, number } of m.tickets) {
      w.u8(node);
      w.u53(number);
    }
    w.u53(m.kept);
    writeNumbers(w, m.settled);
  },
  read: (r) => ({
    type: 'chain-down',
    ballot: readBallot(r),
    firstSeq: r.u53(),
    effects: readEffects(r),
    tickets: Array.from({ length: r.count(TICKET_BYTES) }, (): Ticket => ({ node: r.u8(), number: r.u53() })),
    kept: r.u53(),
    settled: readNumbers(r),
  }),
};

const TICKET_BYTES = 9;

export const chainStable: Codec<ChainStable> = {
  write(w, m) {
    writeBallot(w, m.ballot);
    w.u53(m.seq);
  },
  read: (r) => ({ type: 'chain-stable', ballot: readBallot(r), seq: r.u53() }),
};

export const chainTold: Codec<ChainTold> = {
  write(w, m) {
    writeBallot(w, m.ballot);
    w.u53(m.number);
    writeVersion(w, m.version);
  },
  read: (r) => ({ type: 'chain-told', ballot: readBallot(r), number: r.u53(), version: readVersion(r) }),
};
