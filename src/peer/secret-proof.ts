import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import { encodeMessage } from './codec.ts';
import type { Hello } from './messages.ts';

/**
 * `caller`: the end that made the connection; `called`: the end that accepted it. The words are part of every proof.
 */
export type LinkEnd = 'caller' | 'called';

export function otherEnd(end: LinkEnd): LinkEnd {
  return end === 'caller' ? 'called' : 'caller';
}

/** Length of the random number in a hello, in bytes. */
export const NONCE_BYTES = 32;

const KEY_BYTES = 32;

/**
 * Takes the place of the secret in a cluster that has none, so that both kinds of links are handled alike. It proves
 * nothing; therefore such a cluster accepts peers from loopback only.
 */
const NO_SECRET = Buffer.from('memchorus without a secret');

/**
 * One hash over everything that both ends have said, their nonces included. Both ends prove the secret over it, and the
 * keys of the link come from it; therefore neither a proof nor a tag fits any other connection.
 *
 * @param prefaces of the connection, as far as they are part of its version
 */
export function transcriptOf(prefaces: Buffer, caller: Hello, called: Hello): Buffer {
  const hash = createHash('sha256').update(prefaces);
  for (const message of [caller, called].map((hello) => encodeMessage(ROOT_GROUP, hello))) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    hash.update(length).update(message);
  }
  return hash.digest();
}

/**
 * The bytes that show that their sender has the secret. The sender's end is part of them, so that a proof that is
 * sent back to its sender is wrong.
 *
 * @param refusal the other field of the message, which the proof thereby covers
 */
export function proofOf(secret: Buffer | null, transcript: Buffer, end: LinkEnd, refusal: string): Buffer {
  const mac = createHmac('sha256', secret ?? NO_SECRET).update(`memchorus proof of the ${end}\0`);
  return mac.update(transcript).update(refusal, 'latin1').digest();
}

/** Compares in constant time. */
export function isProof(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

export interface LinkKeys {
  readonly sending: Buffer;
  readonly receiving: Buffer;
  /** At least one end says that the connection leaves its machine. */
  readonly onNetwork: boolean;
}

/** The keys of this end: one for each direction of this connection, and for no other connection. */
export function linkKeysOf(
  secret: Buffer | null,
  transcript: Buffer,
  end: LinkEnd,
  onNetwork: boolean,
): LinkKeys {
  const keyFrom = (sender: LinkEnd): Buffer => {
    const info = `memchorus link from the ${sender}`;
    return Buffer.from(hkdfSync('sha256', secret ?? NO_SECRET, transcript, info, KEY_BYTES));
  };
  return { sending: keyFrom(end), receiving: keyFrom(otherEnd(end)), onNetwork };
}
