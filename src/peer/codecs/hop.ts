import { type ByteReader, type ByteWriter, FrameError } from '../../base/byte-writer.ts';
import { numbering } from '../../base/numbering.ts';
import type {
  AnswerSession,
  AskedReply,
  AskedRequest,
  AskSession,
  HopAnswer,
  HopAsk,
} from '../../replication/hop/messages.ts';
import type { Codec } from './codec.ts';
import {
  readAskedLevel,
  readSeenParts,
  readVersion,
  wordOf,
  writeAskedLevel,
  writeSeenParts,
  writeVersion,
} from './fields.ts';
import { readReply, writeReply } from './reply.ts';
import { bitsIn, readRequest, secondsIn, writeRequest, writeSeconds } from './request.ts';

/** Requests that are carried out by another controller, and their replies, in bytes. */

/** `entry`: as `writeRequest` has it, with the flags of a read in front. */
const FORMS = numbering<'entry' | 'get' | 'debug' | 'flush_all'>({
  entry: 0,
  get: 1,
  debug: 2,
  flush_all: 3,
});

const REPLY_FORMS = numbering<'entry' | 'miss' | 'hit'>({ entry: 0, miss: 1, hit: 2 });

export const ask: Codec<HopAsk> = {
  write(w, { number, client, level, maxAgeMs, after, request }) {
    w.u53(number);
    w.u53(client);
    writeAskedLevel(w, level);
    writeAge(w, maxAgeMs);
    writeVersion(w, after);
    writeAsked(w, request);
  },
  read: (r) => ({
    type: 'ask',
    number: r.u53(),
    client: r.u53(),
    level: readAskedLevel(r),
    maxAgeMs: readAge(r),
    after: readVersion(r),
    request: readAsked(r),
  }),
};

export const answer: Codec<HopAnswer> = {
  write(w, { number, reply, servedLevel, servedAgeMs, applied }) {
    w.u53(number);
    w.text(servedLevel);
    w.u53(servedAgeMs);
    writeVersion(w, applied);
    writeAskedReply(w, reply);
  },
  read(r) {
    const number = r.u53();
    const servedLevel = r.text();
    if (servedLevel.length > 1) throw new FrameError('a level has one letter');
    const servedAgeMs = r.u53();
    const applied = readVersion(r);
    return { type: 'answer', number, servedLevel, servedAgeMs, applied, reply: readAskedReply(r) };
  },
};

export const askSession: Codec<AskSession> = {
  write: (w, { parts }) => writeSeenParts(w, parts),
  read: (r) => ({ type: 'ask-session', parts: readSeenParts(r) }),
};

export const answerSession: Codec<AnswerSession> = {
  write(w, { number, parts }) {
    w.u53(number);
    writeSeenParts(w, parts);
  },
  read: (r) => ({ type: 'answer-session', number: r.u53(), parts: readSeenParts(r) }),
};

/** One more than the milliseconds; 0 for none. */
function writeAge(w: ByteWriter, ms: number | null): void {
  w.u53(ms === null ? 0 : ms + 1);
}

function readAge(r: ByteReader): number | null {
  const number = r.u53();
  return number === 0 ? null : number - 1;
}

const HAS_LEVEL = 1;
const HAS_AGE = 2;
const WITH_TOKEN = 1;

function writeAsked(w: ByteWriter, request: AskedRequest): void {
  switch (request.kind) {
    case 'get':
      w.u8(FORMS.numberOf.get);
      w.u8(request.withCas ? WITH_TOKEN : 0);
      return w.text(request.keys[0]!);
    case 'debug':
      w.u8(FORMS.numberOf.debug);
      return w.text(request.key);
    case 'flush_all':
      w.u8(FORMS.numberOf.flush_all);
      return writeSeconds(w, request.delay);
    case 'gat':
      w.u8(FORMS.numberOf.entry);
      w.u8(0);
      return writeRequest(w, { kind: 'gat-one', key: request.keys[0]!, exptime: request.exptime });
    case 'read_item': {
      const { levelFlag, ageFlag } = request;
      w.u8(FORMS.numberOf.entry);
      w.u8((levelFlag === undefined ? 0 : HAS_LEVEL) | (ageFlag === undefined ? 0 : HAS_AGE));
      if (levelFlag !== undefined) w.text(levelFlag.asked);
      if (ageFlag !== undefined) w.u53(ageFlag.maxMs);
      return writeRequest(w, request);
    }
    case 'storage':
    case 'arithmetic':
    case 'touch':
    case 'delete':
      w.u8(FORMS.numberOf.entry);
      w.u8(0);
      return writeRequest(w, request);
  }
}

function readAsked(r: ByteReader): AskedRequest {
  const form = wordOf(FORMS, r.u8());
  switch (form) {
    case 'get': {
      const withCas = bitsIn(r, WITH_TOKEN) !== 0;
      return { kind: 'get', keys: [r.text()], withCas };
    }
    case 'debug':
      return { kind: 'debug', key: r.text() };
    case 'flush_all':
      return { kind: 'flush_all', delay: secondsIn(r), noreply: false };
    case 'entry':
      return readEntryRequest(r);
  }
}

function readEntryRequest(r: ByteReader): AskedRequest {
  const bits = bitsIn(r, HAS_LEVEL | HAS_AGE);
  const levelFlag = bits & HAS_LEVEL ? { levelFlag: { asked: letterIn(r), served: '' } } : {};
  const ageFlag = bits & HAS_AGE ? { ageFlag: { maxMs: r.u53(), servedMs: 0 } } : {};
  const request = readRequest(r);
  if (request.kind === 'gat-one')
    return { kind: 'gat', keys: [request.key], withCas: true, exptime: request.exptime };
  if (bits === 0) return request;
  if (request.kind !== 'read_item') throw new FrameError(`a ${request.kind} asks for a level`);
  return { ...request, ...levelFlag, ...ageFlag };
}

function letterIn(r: ByteReader): string {
  const letter = r.text();
  if (letter.length > 1) throw new FrameError('a level has one letter');
  return letter;
}

function writeAskedReply(w: ByteWriter, reply: AskedReply): void {
  if (reply.kind !== 'hits') {
    w.u8(REPLY_FORMS.numberOf.entry);
    return writeReply(w, reply, null);
  }
  const [hit] = reply.hits;
  if (hit === undefined) return w.u8(REPLY_FORMS.numberOf.miss);
  w.u8(REPLY_FORMS.numberOf.hit);
  w.text(hit.key);
  w.u32(hit.flags);
  w.u64(hit.cas);
  w.bytes(hit.value);
}

function readAskedReply(r: ByteReader): AskedReply {
  const form = wordOf(REPLY_FORMS, r.u8());
  switch (form) {
    case 'entry':
      return readReply(r, null);
    case 'miss':
      return { kind: 'hits', hits: [] };
    case 'hit':
      return { kind: 'hits', hits: [{ key: r.text(), flags: r.u32(), cas: r.u64(), value: r.bytes() }] };
  }
}
