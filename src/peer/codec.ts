import {
  ByteReader,
  ByteWriter,
  FrameError,
  inOnePiece,
  isLarge,
  type Written,
} from '../base/byte-writer.ts';
import type { GroupNumber } from '../base/number-kinds.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import { bytesOf, type Effect, effectBytes } from '../ordering/effect.ts';
import * as chain from './codecs/chain.ts';
import type { Codec } from './codecs/codec.ts';
import * as exchange from './codecs/exchange.ts';
import * as greeting from './codecs/handshake.ts';
import * as heartbeat from './codecs/heartbeat.ts';
import * as hop from './codecs/hop.ts';
import * as membership from './codecs/membership.ts';
import * as range from './codecs/range.ts';
import * as restore from './codecs/restore.ts';
import * as schemes from './codecs/schemes.ts';
import type { PeerMessage } from './messages.ts';

/**
 * Peer messages to bytes and back. Every number is big-endian. The bytes tell where a message ends, so that several may
 * follow each other in a frame.
 *
 *     0    type    a number of `CODECS`, at most 127; the highest bit says that a group follows
 *     1    group   only where it is not the root group
 *     …    body
 *
 * The number of a message never changes, and is never given to another message.
 */
const CODECS: Codecs = {
  hello: [0, greeting.hello],
  refusal: [1, greeting.refusal],
  heartbeat: [2, heartbeat.heartbeat],
  ordered: [3, schemes.ordered],
  push: [4, schemes.push],
  'sync-request': [5, exchange.syncRequest],
  'sync-response': [6, exchange.syncResponse],
  'sync-next': [7, exchange.syncNext],
  'sync-complete': [8, exchange.syncComplete],
  fetch: [9, restore.fetch],
  fetched: [10, restore.fetched],
  prepare: [11, membership.prepare],
  promised: [12, membership.promised],
  rejected: [13, membership.rejected],
  accept: [14, membership.accept],
  accepted: [15, membership.accepted],
  'sync-lapsed': [16, exchange.syncLapsed],
  install: [17, membership.install],
  granted: [18, membership.granted],
  'fetch-many': [19, restore.fetchMany],
  'fetched-many': [20, restore.fetchedMany],
  proof: [21, greeting.proof],
  welcome: [22, greeting.welcome],
  'causal-push': [24, schemes.causalPush],
  'sync-shows': [25, exchange.syncShows],
  announced: [26, heartbeat.announced],
  placed: [27, membership.placed],
  configured: [40, membership.configured],
  configuration: [41, membership.configuration],
  retired: [60, membership.retired],
  installed: [61, membership.installed],
  'goes-by': [62, membership.goesBy],
  moving: [28, heartbeat.moving],
  'chain-ask': [32, chain.chainAsk],
  'chain-down': [33, chain.chainDown],
  'chain-stable': [34, chain.chainStable],
  'chain-told': [35, chain.chainTold],
  'chain-request': [36, chain.chainRequest],
  'chain-verdict': [37, chain.chainVerdict],
  'chain-question': [38, chain.chainQuestion],
  'chain-holds': [39, chain.chainHolds],
  'view-part': [45, membership.viewPart],
  'range-ask': [58, range.rangeAsk],
  'range-part': [59, range.rangePart],
  ask: [50, hop.ask],
  answer: [51, hop.answer],
  foreign: [52, schemes.foreign],
  'ask-session': [53, hop.askSession],
  'answer-session': [54, hop.answerSession],
};

type Codecs = { readonly [T in PeerMessage['type']]: readonly [number: number, codec: CodecOf<T>] };
type CodecOf<T> = Codec<Extract<PeerMessage, { readonly type: T }>>;

/** The highest bit of the first byte. */
const HAS_GROUP = 0x80;

/** The codec of each number. */
const READERS: readonly (Codec<PeerMessage> | undefined)[] = readersOf(Object.values(CODECS));

/** The largest number of a group. */
export const GROUP_MAX = 255;

export type OnMessage = (group: GroupNumber, message: PeerMessage) => void;

/** The message in one piece. */
export function encodeMessage(group: GroupNumber, message: PeerMessage): Buffer {
  return inOnePiece(encodeParts(group, message));
}

/** Large values in the message are not copied. */
export function encodeParts(group: GroupNumber, message: PeerMessage): Written {
  const writer = new ByteWriter(bytesExpected(message));
  const [number, codec] = CODECS[message.type] as readonly [number, Codec<PeerMessage>];
  if (group === ROOT_GROUP) writer.u8(number);
  else {
    writer.u8(number | HAS_GROUP);
    writer.u8(group);
  }
  codec.write(writer, message);
  return writer.finish();
}

/** Size of the buffer for a message, so that what is copied is copied once. The message may be smaller. */
function bytesExpected(message: PeerMessage): number {
  if (!('effects' in message)) return MESSAGE_BYTES;
  let bytes = MESSAGE_BYTES;
  for (const effect of message.effects) bytes += effectBytes(effect) - referredBytes(effect);
  return bytes;
}

/** Bytes of the effect that the writer does not copy. */
function referredBytes(effect: Effect): number {
  const value = bytesOf(effect);
  return value !== null && isLarge(value.length) ? value.length : 0;
}

/** Size of the buffer for a message without effects. It grows if that is too small. */
const MESSAGE_BYTES = 256;

/** A message, and the group that it belongs to. */
export interface Decoded {
  readonly group: GroupNumber;
  readonly message: PeerMessage;
}

/** @param bytes exactly one message @throws FrameError */
export function decodeMessage(bytes: Buffer): Decoded {
  const reader = new ByteReader(bytes);
  const first = reader.u8();
  const codec = codecOf(first);
  const decoded = { group: groupOf(first, reader), message: codec.read(reader) };
  if (reader.remaining === 0) return decoded;
  throw new FrameError(`${reader.remaining} bytes too many in a ${decoded.message.type}`);
}

/** Reads messages that follow each other, and hands out each as soon as it is read. @throws FrameError */
export function decodeMessages(bytes: Buffer, onMessage: OnMessage): void {
  const reader = new ByteReader(bytes);
  do {
    const first = reader.u8();
    const codec = codecOf(first);
    const group = groupOf(first, reader);
    onMessage(group, codec.read(reader));
  } while (reader.remaining > 0);
}

function groupOf(first: number, reader: ByteReader): number {
  return first < HAS_GROUP ? ROOT_GROUP : reader.u8();
}

function codecOf(first: number): Codec<PeerMessage> {
  const codec = READERS[first & ~HAS_GROUP];
  if (codec === undefined) throw new FrameError(`unknown message type ${first & ~HAS_GROUP}`);
  return codec;
}

function readersOf(codecs: readonly (readonly [number, unknown])[]): (Codec<PeerMessage> | undefined)[] {
  const readers: (Codec<PeerMessage> | undefined)[] = [];
  for (const [number, codec] of codecs) {
    if (number >= HAS_GROUP || readers[number] !== undefined)
      throw new RangeError(`number ${number} is taken`);
    readers[number] = codec as Codec<PeerMessage>;
  }
  return readers;
}
