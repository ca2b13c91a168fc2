import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import { encodeMessage } from './codec.ts';
import type { Hello } from './messages.ts';

/** The end of a connection that made it, and the end that accepted it. */
export type Side = 'caller' | 'called';

export function otherSide(side: Side): Side {
  return side === 'caller' ? 'called' : 'caller';
}

/** Bytes of the random number in a hello. */
export const NONCE_BYTES = 32;

const KEY_BYTES = 32;

/**
 * Stands for the secret where there is none. It proves nothing: such peers are taken from loopback only. Both kinds
 * of links go the same way from here on.
 */
const NO_SECRET = Buffer.from('memchorus without a secret');

/**
 * What both ends of a connection have said, nonces included, as one hash. Both sides prove the secret over it, and the
 * keys of the link come from it; therefore neither a proof nor a record fits any other connection.
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
 * Shows that its sender has the secret. The side is part of it, so that a proof can't be sent back to its sender.
 *
 * @param refusal what the proof's message says beside it, and thereby vouches for
 */
export function proofOf(secret: Buffer | null, transcript: Buffer, side: Side, refusal: string): Buffer {
  const mac = createHmac('sha256', secret ?? NO_SECRET).update(`memchorus proof of the ${side}\0`);
  return mac.update(transcript).update(refusal, 'latin1').digest();
}

/** Compares in a time that does not tell where the first difference is. */
export function isProof(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

export interface LinkKeys {
  readonly sending: Buffer;
  readonly receiving: Buffer;
  /** The link leaves the machine, as at least one end sees it. */
  readonly onNetwork: boolean;
}

/** The keys that this side uses on this connection. Each is for one direction, and for no other connection. */
export function linkKeysOf(
  secret: Buffer | null,
  transcript: Buffer,
  side: Side,
  onNetwork: boolean,
): LinkKeys {
  const keyFrom = (sender: Side): Buffer => {
    const info = `memchorus link from the ${sender}`;
    return Buffer.from(hkdfSync('sha256', secret ?? NO_SECRET, transcript, info, KEY_BYTES));
  };
  return { sending: keyFrom(side), receiving: keyFrom(otherSide(side)), onNetwork };
}
