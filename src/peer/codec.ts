import { ByteReader, ByteWriter, FrameError } from '../base/byte-writer.ts';
import { DEPARTURE_PHASES } from '../membership/messages.ts';
import { effectBytes } from '../ordering/effect.ts';
import {
  oneOf,
  readBallot,
  readEffects,
  readMembers,
  readNote,
  readNumbers,
  readStanding,
  readVersion,
  writeBallot,
  writeEffects,
  writeMembers,
  writeNumbers,
  writeStanding,
  writeVersion,
} from './codec-fields.ts';
import type { PeerMessage } from './messages.ts';

/**
 * Peer messages to bytes and back: the message's type in one byte, and the body; every number is big-endian. The
 * bytes tell where a message ends, so that several may follow each other in a frame.
 */
export function encodeMessage(message: PeerMessage): Buffer {
  const writer = new ByteWriter(bytesExpected(message));
  const codec = CODECS[message.type] as Codec<PeerMessage>;
  writer.u8(TYPES.indexOf(message.type));
  codec.write(writer, message);
  return writer.finish();
}

/** What a message will take, so that its values are copied once; it may be more. */
function bytesExpected(message: PeerMessage): number {
  if (!('effects' in message)) return MESSAGE_BYTES;
  let bytes = MESSAGE_BYTES;
  for (const effect of message.effects) bytes += effectBytes(effect);
  return bytes;
}

/** Of a message without effects, roughly. */
const MESSAGE_BYTES = 256;

/** @param bytes one message, and nothing else @throws FrameError */
export function decodeMessage(bytes: Buffer): PeerMessage {
  const reader = new ByteReader(bytes);
  const message = readMessage(reader);
  if (reader.remaining !== 0) throw new FrameError(`${reader.remaining} bytes too many in a ${message.type}`);
  return message;
}

/** Hands out the messages that follow each other, each as soon as it is read. @throws FrameError */
export function decodeMessages(bytes: Buffer, onMessage: (message: PeerMessage) => void): void {
  const reader = new ByteReader(bytes);
  do onMessage(readMessage(reader));
  while (reader.remaining > 0);
}

function readMessage(reader: ByteReader): PeerMessage {
  const number = reader.u8();
  const type = TYPES[number];
  if (type === undefined) throw new FrameError(`unknown message type ${number}`);
  return CODECS[type].read(reader);
}

interface Codec<M> {
  write(writer: ByteWriter, message: M): void;
  read(reader: ByteReader): M;
}

type Codecs = { readonly [T in PeerMessage['type']]: Codec<Extract<PeerMessage, { type: T }>> };

/** Of a key's length and a version. */
const WANTED_BYTES_MIN = 4 + 9;

/** Values that may be asked for at once; nobody asks for that many. */
const WANTED_MAX = 4_096;

function wantedCount(reader: ByteReader, itemBytesMin: number): number {
  const count = reader.count(itemBytesMin);
  if (count > WANTED_MAX) throw new FrameError(`${count} values in one question`);
  return count;
}

const OUTCOMES = ['found', 'lost', 'other', 'failed'] as const;

const CODECS: Codecs = {
  hello: {
    write(w, m) {
      w.text(m.cluster);
      w.u8(m.node);
      w.u53(m.incarnation);
      w.text(m.level);
      w.text(m.peers);
      w.bytes(m.nonce);
      w.u8(m.hasSecret ? 1 : 0);
      w.u8(m.onNetwork ? 1 : 0);
    },
    read: (r) => ({
      type: 'hello',
      cluster: r.text(),
      node: r.u8(),
      incarnation: r.u53(),
      level: r.text(),
      peers: r.text(),
      nonce: r.bytes(),
      hasSecret: r.u8() === 1,
      onNetwork: r.u8() === 1,
    }),
  },
  refusal: {
    write(w, m) {
      w.text(m.reason);
      w.u8(m.taken ? 1 : 0);
    },
    read: (r) => ({ type: 'refusal', reason: r.text(), taken: r.u8() === 1 }),
  },
  heartbeat: {
    write(w, m) {
      w.u53(m.time);
      w.u53(m.wallMs);
      w.u53(m.clusterMs);
      w.u53(m.askedMs);
      writeBallot(w, m.installed);
      writeStanding(w, m.standing);
      w.u8(m.transferring ? 1 : 0);
      writeNumbers(w, m.hears);
      w.u8(m.caughtUp ? 1 : 0);
      w.text(m.failing);
      w.u8(m.withholds ? 1 : 0);
      w.text(m.storeTrouble);
      writeNumbers(w, m.known);
      w.u8(DEPARTURE_PHASES.indexOf(m.departure));
      writeNumbers(w, m.doubts);
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
      standing: readStanding(r),
      transferring: r.u8() === 1,
      hears: readNumbers(r),
      caughtUp: r.u8() === 1,
      failing: readNote(r),
      withholds: r.u8() === 1,
      storeTrouble: readNote(r),
      known: readNumbers(r),
      departure: oneOf(DEPARTURE_PHASES, r.u8()),
      doubts: readNumbers(r),
      heard: readNumbers(r),
      lagMs: r.u53(),
    }),
  },
  ordered: {
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
  },
  push: {
    write(w, m) {
      w.u53(m.previousTime);
      writeEffects(w, m.effects);
    },
    read: (r) => ({ type: 'push', previousTime: r.u53(), effects: readEffects(r) }),
  },
  'sync-request': {
    write(w, m) {
      w.u32(m.exchange);
      writeNumbers(w, m.known);
      writeNumbers(w, m.forgotten);
      w.u8(m.empty ? 1 : 0);
    },
    read: (r) => ({
      type: 'sync-request',
      exchange: r.u32(),
      known: readNumbers(r),
      forgotten: readNumbers(r),
      empty: r.u8() === 1,
    }),
  },
  'sync-response': {
    write(w, m) {
      w.u32(m.exchange);
      w.u53(m.total);
      writeNumbers(w, m.forgotten);
      writeEffects(w, m.effects);
    },
    read: (r) => ({
      type: 'sync-response',
      exchange: r.u32(),
      total: r.u53(),
      forgotten: readNumbers(r),
      effects: readEffects(r),
    }),
  },
  'sync-next': {
    write: (w, m) => w.u32(m.exchange),
    read: (r) => ({ type: 'sync-next', exchange: r.u32() }),
  },
  'sync-complete': {
    write(w, m) {
      w.u32(m.exchange);
      writeNumbers(w, m.known);
    },
    read: (r) => ({ type: 'sync-complete', exchange: r.u32(), known: readNumbers(r) }),
  },
  fetch: {
    write(w, m) {
      w.u32(m.id);
      w.text(m.key);
      writeVersion(w, m.version);
    },
    read: (r) => ({ type: 'fetch', id: r.u32(), key: r.text(), version: readVersion(r) }),
  },
  fetched: {
    write(w, m) {
      w.u32(m.id);
      w.u8(OUTCOMES.indexOf(m.outcome));
      writeEffects(w, m.effect === null ? [] : [m.effect]);
    },
    read: (r) => ({
      type: 'fetched',
      id: r.u32(),
      outcome: oneOf(OUTCOMES, r.u8()),
      effect: readEffects(r)[0] ?? null,
    }),
  },
  prepare: {
    write: (w, m) => writeBallot(w, m.ballot),
    read: (r) => ({ type: 'prepare', ballot: readBallot(r) }),
  },
  promised: {
    write(w, m) {
      writeBallot(w, m.ballot);
      writeStanding(w, m.standing);
      writeVersion(w, m.applied);
      writeNumbers(w, m.leasesMs);
      writeNumbers(w, m.hears);
      w.u8(m.caughtUp ? 1 : 0);
      w.u8(m.failing ? 1 : 0);
      writeEffects(w, m.queue);
      w.u8(m.mixed ? 1 : 0);
    },
    read: (r) => ({
      type: 'promised',
      ballot: readBallot(r),
      standing: readStanding(r),
      applied: readVersion(r),
      leasesMs: readNumbers(r),
      hears: readNumbers(r),
      caughtUp: r.u8() === 1,
      failing: r.u8() === 1,
      queue: readEffects(r),
      mixed: r.u8() === 1,
    }),
  },
  rejected: {
    write: (w, m) => writeBallot(w, m.promised),
    read: (r) => ({ type: 'rejected', promised: readBallot(r) }),
  },
  accept: {
    write(w, m) {
      writeBallot(w, m.ballot);
      writeMembers(w, m.members);
      writeNumbers(w, m.sources);
      w.u8(m.base);
      writeVersion(w, m.baseApplied);
      writeEffects(w, m.union);
      w.text(m.reason);
    },
    read: (r) => ({
      type: 'accept',
      ballot: readBallot(r),
      members: readMembers(r),
      sources: readNumbers(r),
      base: r.u8(),
      baseApplied: readVersion(r),
      union: readEffects(r),
      reason: r.text(),
    }),
  },
  accepted: {
    write: (w, m) => writeBallot(w, m.ballot),
    read: (r) => ({ type: 'accepted', ballot: readBallot(r) }),
  },
  'sync-lapsed': {
    write: (w, m) => w.u32(m.exchange),
    read: (r) => ({ type: 'sync-lapsed', exchange: r.u32() }),
  },
  install: {
    write: (w, m) => writeBallot(w, m.ballot),
    read: (r) => ({ type: 'install', ballot: readBallot(r) }),
  },
  granted: {
    write(w, m) {
      writeBallot(w, m.ballot);
      w.u53(m.askedMs);
      w.u53(m.forMs);
    },
    read: (r) => ({ type: 'granted', ballot: readBallot(r), askedMs: r.u53(), forMs: r.u53() }),
  },
  'fetch-many': {
    write(w, m) {
      w.u32(m.id);
      w.u32(m.wanted.length);
      for (const { key, version } of m.wanted) {
        w.text(key);
        writeVersion(w, version);
      }
    },
    read: (r) => ({
      type: 'fetch-many',
      id: r.u32(),
      wanted: Array.from({ length: wantedCount(r, WANTED_BYTES_MIN) }, () => ({
        key: r.text(),
        version: readVersion(r),
      })),
    }),
  },
  'fetched-many': {
    write(w, m) {
      w.u32(m.id);
      w.u32(m.outcomes.length);
      for (const outcome of m.outcomes) w.u8(OUTCOMES.indexOf(outcome));
      writeEffects(w, m.effects);
    },
    read: (r) => ({
      type: 'fetched-many',
      id: r.u32(),
      outcomes: Array.from({ length: wantedCount(r, 1) }, () => oneOf(OUTCOMES, r.u8())),
      effects: readEffects(r),
    }),
  },
  proof: {
    write(w, m) {
      w.bytes(m.mac);
      w.text(m.refusal);
    },
    read: (r) => ({ type: 'proof', mac: r.bytes(), refusal: r.text() }),
  },
  welcome: { write: () => {}, read: () => ({ type: 'welcome' }) },
};

/** The place in this list is the type on the wire: only ever add at the end. */
const TYPES = Object.keys(CODECS) as PeerMessage['type'][];
