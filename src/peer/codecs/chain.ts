import { type ByteReader, type ByteWriter, FrameError } from '../../base/byte-writer.ts';
import { type Effect, isOfKey } from '../../ordering/effect.ts';
import { NO_VERSION, sameVersion } from '../../ordering/version.ts';
import type { Asked, ConditionVerdict } from '../../replication/asked.ts';
import type {
  AskHeader,
  ChainAsk,
  ChainDown,
  ChainHolds,
  ChainQuestion,
  ChainRequest,
  ChainStable,
  ChainTold,
  ChainVerdict,
  Decision,
  Ticket,
} from '../../replication/chain/messages.ts';
import type { Codec } from './codec.ts';
import {
  readBallot,
  readEffects,
  readId,
  readNumbers,
  readVersion,
  writeBallot,
  writeEffects,
  writeIdAndNumber,
  writeNumbers,
  writeVersion,
} from './fields.ts';
import { readReply, writeReply } from './reply.ts';
import { REQUEST_BYTES_MIN, readRequest, writeRequest } from './request.ts';

/** The messages of a chain in bytes. */

export const chainAsk: Codec<ChainAsk> = {
  write(w, m) {
    writeHeader(w, m);
    writeEffects(w, m.effects);
  },
  read: (r) => ({ type: 'chain-ask', ...readHeader(r), effects: readEffects(r) }),
};

export const chainRequest: Codec<ChainRequest> = {
  write(w, m) {
    writeHeader(w, m);
    w.u32(m.requests.length);
    for (const asked of m.requests) writeAsked(w, asked);
  },
  read: (r) => ({
    type: 'chain-request',
    ...readHeader(r),
    requests: Array.from({ length: r.count(REQUEST_BYTES_MIN) }, () => readAsked(r)),
  }),
};

function writeHeader(w: ByteWriter, m: AskHeader): void {
  writeBallot(w, m.ballot);
  w.u53(m.firstNumber);
  w.u53(m.after);
  writeBallot(w, m.askedIn);
  w.u53(m.settled);
}

function readHeader(r: ByteReader): AskHeader {
  const ballot = readBallot(r);
  return { ballot, firstNumber: r.u53(), after: r.u53(), askedIn: readBallot(r), settled: r.u53() };
}

function writeAsked(w: ByteWriter, { request, lastRead }: Asked): void {
  writeRequest(w, request);
  writeVersion(w, lastRead === null ? NO_VERSION : lastRead.version);
  if (lastRead !== null) w.u53(lastRead.atSec);
}

function readAsked(r: ByteReader): Asked {
  const request = readRequest(r);
  const version = readVersion(r);
  const lastRead = sameVersion(version, NO_VERSION) ? null : { version, atSec: r.u53() };
  return { request, lastRead };
}

export const chainDown: Codec<ChainDown> = {
  write(w, m) {
    writeBallot(w, m.ballot);
    w.u53(m.firstSeq);
    writeEffects(w, m.effects);
    w.u32(m.tickets.length);
    for (const [i, ticket] of m.tickets.entries()) writeTicket(w, ticket, m.effects[i]!);
    w.u53(m.kept);
    writeNumbers(w, m.settled);
  },
  read(r) {
    const ballot = readBallot(r);
    const firstSeq = r.u53();
    const effects = readEffects(r);
    const count = r.count(TICKET_BYTES_MIN);
    if (count !== effects.length) throw new FrameError('requests and tickets differ in number');
    const tickets = effects.map((effect) => readTicket(r, effect));
    return { type: 'chain-down', ballot, firstSeq, effects, tickets, kept: r.u53(), settled: readNumbers(r) };
  },
};

const TICKET_BYTES_MIN = 1 + 8 + 1;

function writeTicket(w: ByteWriter, { node, number, verdict }: Ticket, effect: Effect): void {
  writeIdAndNumber(w, node, number);
  if (verdict === null) w.u8(VERDICT.none);
  else writeVerdict(w, verdict, effect);
}

function readTicket(r: ByteReader, effect: Effect): Ticket {
  const node = readId(r);
  const number = r.lower53();
  const form = r.u8();
  return { node, number, verdict: form === VERDICT.none ? null : readVerdict(r, form, effect) };
}

/** Whether a verdict follows, and of which kind. */
const VERDICT = { none: 0, given: 1, keepsReadTime: 2 } as const;

/** @param effect what the request changes: a value that it has is not written twice. Null where it changes nothing */
function writeVerdict(
  w: ByteWriter,
  { reply, keepsReadTime }: ConditionVerdict,
  effect: Effect | null,
): void {
  w.u8(keepsReadTime ? VERDICT.keepsReadTime : VERDICT.given);
  writeReply(w, reply, valueIn(effect));
}

function readVerdict(r: ByteReader, form: number, effect: Effect | null): ConditionVerdict {
  if (form !== VERDICT.given && form !== VERDICT.keepsReadTime)
    throw new FrameError(`${form} is no form of a verdict`);
  return { reply: readReply(r, valueIn(effect)), keepsReadTime: form === VERDICT.keepsReadTime };
}

function valueIn(effect: Effect | null): Buffer | null {
  return effect?.kind === 'set' ? effect.value : null;
}

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
    writeEffects(w, m.decision === null ? [] : [m.decision.effect]);
    if (m.decision !== null) writeVerdict(w, m.decision.verdict, m.decision.effect);
  },
  read(r) {
    const ballot = readBallot(r);
    const number = r.u53();
    const version = readVersion(r);
    return { type: 'chain-told', ballot, number, version, decision: readDecision(r) };
  },
};

function readDecision(r: ByteReader): Decision | null {
  const effects = readEffects(r);
  const [effect] = effects;
  if (effect === undefined) return null;
  if (effects.length > 1 || !isOfKey(effect)) throw new FrameError('a decision changes more than one entry');
  return { effect, verdict: readVerdict(r, r.u8(), effect) };
}

export const chainVerdict: Codec<ChainVerdict> = {
  write(w, m) {
    writeBallot(w, m.ballot);
    w.u53(m.number);
    writeVerdict(w, m.verdict, null);
    w.u53(m.stable);
  },
  read(r) {
    const ballot = readBallot(r);
    const number = r.u53();
    const verdict = readVerdict(r, r.u8(), null);
    return { type: 'chain-verdict', ballot, number, verdict, stable: r.u53() };
  },
};

export const chainQuestion: Codec<ChainQuestion> = {
  write(w, m) {
    writeBallot(w, m.ballot);
    w.u53(m.number);
  },
  read: (r) => ({ type: 'chain-question', ballot: readBallot(r), number: r.u53() }),
};

export const chainHolds: Codec<ChainHolds> = {
  write(w, m) {
    writeBallot(w, m.ballot);
    w.u53(m.number);
    w.u53(m.seq);
  },
  read: (r) => ({ type: 'chain-holds', ballot: readBallot(r), number: r.u53(), seq: r.u53() }),
};
