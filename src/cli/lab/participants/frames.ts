import { decodeMessage, encodeMessage } from '../../../peer/codec.ts';
import type { GroupMessage } from '../../../replication/messages.ts';
import type { Counters } from '../engine/counters.ts';
import { LAB_GROUP } from '../engine/lab-replica.ts';
import type { LabWrite } from '../engine/lab-write.ts';

/** A server or a client, in one of its lives. */
export interface Participant {
  readonly kind: 'server' | 'client';
  readonly id: number;
  /** Numbers the lives of all servers of a lab, from 0 on, and those of all clients. */
  readonly life: number;
}

/** What the participants of a lab say to each other. */
export type LabMessage =
  /** The first words of each end. The token is the lab's: another program does not know it. */
  | { readonly type: 'hello'; readonly token: string; readonly from: Participant }
  | {
      readonly type: 'put';
      readonly number: number;
      readonly key: string;
      readonly write: LabWrite;
      /** The highest counter that the client has seen. */
      readonly seen: number;
    }
  | { readonly type: 'get'; readonly number: number; readonly key: string; readonly need: Counters }
  | {
      readonly type: 'answer';
      /** Of the request. */
      readonly number: number;
      readonly outcome: LabOutcome;
    }
  /** A message of the engine, as controllers send it to each other. */
  | { readonly type: 'engine'; readonly message: GroupMessage };

/** What came of a request. The vector and the counter are those of the server at that moment. */
export type LabOutcome =
  | { readonly kind: 'written'; readonly vector: Counters; readonly acceptTime: number }
  | { readonly kind: 'value'; readonly vector: Counters; readonly value: string }
  | { readonly kind: 'ERR_DEP' }
  | { readonly kind: 'ERR_KEY' }
  | { readonly kind: 'failed'; readonly reason: string };

/** A message with the time at which it was sent. */
export interface SentMessage {
  readonly sentMs: number;
  readonly message: LabMessage;
}

const ENGINE = 0;
const JSON_TEXT = 1;
const HEAD_BYTES = 9;

/**
 *     0  kind     0: a message of the engine in its own form, 1: JSON
 *     1  sent     milliseconds of the lab's time, 64-bit floating point
 *     9  body
 */
export function encodeFrame(sentMs: number, message: LabMessage): Buffer {
  const isEngine = message.type === 'engine';
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = isEngine ? ENGINE : JSON_TEXT;
  head.writeDoubleBE(sentMs, 1);
  const body = isEngine
    ? encodeMessage(LAB_GROUP, message.message)
    : Buffer.from(JSON.stringify(message), 'utf8');
  return Buffer.concat([head, body]);
}

/** @throws when the bytes are none of `encodeFrame` */
export function decodeFrame(frame: Buffer): SentMessage {
  const sentMs = frame.readDoubleBE(1);
  const body = frame.subarray(HEAD_BYTES);
  if (frame[0] === JSON_TEXT) return { sentMs, message: JSON.parse(body.toString('utf8')) as LabMessage };
  const { message } = decodeMessage(body);
  return { sentMs, message: { type: 'engine', message: message as GroupMessage } };
}
