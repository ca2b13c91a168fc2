import type { ErrorCode, RequestFailure } from '../base/error-codes.ts';
import { failure } from '../base/error-codes.ts';
import { hashOfKey } from '../base/key-hash.ts';
import { type GroupNumber, IDS_END } from '../base/number-kinds.ts';
import { type Stretch, Stretches } from '../ordering/stretches.ts';

/**
 * What a session has seen, as a short text that only controllers of the same cluster make and understand.
 *
 *     0      format    1; or 2 where an origin is 256 or more
 *     1…4    cluster   hash of the name of the cluster
 *     5      groups    how many follow
 *     …      each group:
 *              number
 *              newest  the largest version time of its stretches
 *              count   stretches that follow
 *              each: origin; newest minus `to`; 0 where `from` is 0, else one more than newest minus `from`
 *              (the origin is a byte in format 1, and a number of varying size in format 2)
 *     …      the message authentication code of all before
 *
 * Numbers of varying size take 7 bits a byte, the lowest bits first. The text is base64url. Its size is bounded by the
 * numbers of controllers and of groups with sessions. It grows neither with the keys nor with the requests of the
 * session.
 */
export interface TokenPorts {
  readonly cluster: string;
  /** The code of these bytes, by a key that the controllers of the cluster share: `MAC_BYTES` of it count. */
  readonly mac: (bytes: Buffer) => Buffer;
}

/** Bytes of the code in a token. A forged token is right by chance once in 2^96 times. */
export const MAC_BYTES = 12;

const FORMAT = 1;
const FORMAT_OF_LARGE_IDS = 2;
const HEAD_BYTES = 6;

/** The most groups that a token names. */
const GROUPS_MAX = 8;

/** Of a stretch, at most: its origin below 256, and two times of 53 bits. */
const STRETCH_BYTES_MAX = 1 + 8 + 8;

/** The most characters of a token in a cluster of so many controllers, whose ids are below 256. @param stretches the most of one origin */
export function tokenCharsMax(controllers: number, stretches: number, groups = 1): number {
  const groupBytes = 1 + 8 + 2 + controllers * stretches * STRETCH_BYTES_MAX;
  const bytes = HEAD_BYTES + groups * groupBytes + MAC_BYTES;
  return Math.ceil((bytes * 4) / 3);
}

/** What was seen in one group. */
export interface TokenPart {
  readonly group: GroupNumber;
  readonly seen: Stretches;
}

export function encodeToken(ports: TokenPorts, parts: readonly TokenPart[]): string {
  const isLarge = parts.some(({ seen }) => [...seen].some(({ origin }) => origin > 0xff));
  const format = isLarge ? FORMAT_OF_LARGE_IDS : FORMAT;
  const bytes: number[] = [format, ...clusterBytes(ports.cluster), parts.length];
  for (const { group, seen } of parts) {
    bytes.push(group);
    writeStretches(bytes, seen, isLarge);
  }
  const payload = Buffer.from(bytes);
  return Buffer.concat([payload, codeOf(ports, payload)]).toString('base64url');
}

function writeStretches(bytes: number[], seen: Stretches, isLarge: boolean): void {
  const newest = seen.newestTime;
  // mutant: token-forgets-member
  const stretches = [...seen];
  writeNumber(bytes, newest);
  writeNumber(bytes, stretches.length);
  for (const { origin, from, to } of stretches) {
    if (isLarge) writeNumber(bytes, origin);
    else bytes.push(origin);
    writeNumber(bytes, newest - to);
    writeNumber(bytes, from === 0 ? 0 : newest - from + 1);
  }
}

/** What a token says. */
export type TokenContent =
  | { readonly kind: 'seen'; readonly parts: readonly TokenPart[] }
  | { readonly kind: 'refused'; readonly failure: RequestFailure };

export function decodeToken(ports: TokenPorts, token: string): TokenContent {
  if (!/^[\w-]+$/.test(token)) return refused('TOKEN_BROKEN', 'the session token has other characters');
  const bytes = Buffer.from(token, 'base64url');
  const end = bytes.length - MAC_BYTES;
  if (end < HEAD_BYTES || (bytes[0] !== FORMAT && bytes[0] !== FORMAT_OF_LARGE_IDS))
    return refused('TOKEN_BROKEN', 'the session token is cut short, or of another release');
  if (!bytes.subarray(1, 5).equals(Buffer.from(clusterBytes(ports.cluster))))
    return refused('TOKEN_FOREIGN', 'the session token is of another cluster');
  const payload = bytes.subarray(0, end);
  if (!isSame(codeOf(ports, payload), bytes.subarray(end)))
    return refused('TOKEN_FORGED', 'the session token was changed, or made with another cluster secret');
  const parts = readParts(payload);
  if (parts === null) return refused('TOKEN_BROKEN', 'the session token can not be read');
  return { kind: 'seen', parts };
}

/** Takes the same time wherever the first difference is. */
function isSame(a: Buffer, b: Buffer): boolean {
  let difference = a.length ^ b.length;
  for (const [i, byte] of a.entries()) difference |= byte ^ (b[i] ?? 0);
  return difference === 0;
}

function refused(code: ErrorCode, reason: string): TokenContent {
  return { kind: 'refused', failure: failure(code, reason) };
}

function codeOf({ mac }: TokenPorts, payload: Buffer): Buffer {
  return mac(payload).subarray(0, MAC_BYTES);
}

function clusterBytes(cluster: string): number[] {
  const hash = hashOfKey(cluster);
  return [hash >>> 24, (hash >>> 16) & 0xff, (hash >>> 8) & 0xff, hash & 0xff];
}

/** @returns null where the bytes are no parts */
function readParts(payload: Buffer): TokenPart[] | null {
  const reader = new NumberReader(payload, HEAD_BYTES - 1);
  const groups = reader.byte();
  if (groups > GROUPS_MAX) return null;
  const parts: TokenPart[] = [];
  for (let i = 0; i < groups; i++) {
    const group = reader.byte();
    const seen = readStretches(reader, payload[0] === FORMAT_OF_LARGE_IDS);
    if (seen === null) return null;
    parts.push({ group, seen });
  }
  return reader.isGood && reader.isAtEnd ? parts : null;
}

/** @returns null where the bytes are no stretches */
function readStretches(reader: NumberReader, isLarge: boolean): Stretches | null {
  const newest = reader.number();
  const count = reader.number();
  const stretches: Stretch[] = [];
  for (let i = 0; i < count && i < IDS_END * IDS_END && reader.isGood; i++) {
    const origin = isLarge ? reader.number() : reader.byte();
    const to = newest - reader.number();
    const beforeNewest = reader.number();
    const from = beforeNewest === 0 ? 0 : newest - beforeNewest + 1;
    if (from < 0 || to <= from || origin >= IDS_END) return null;
    stretches.push({ origin, from, to });
  }
  return reader.isGood && stretches.length === count ? Stretches.of(stretches) : null;
}

const LOW_BITS = 128;

function writeNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= LOW_BITS; rest = Math.floor(rest / LOW_BITS)) bytes.push((rest % LOW_BITS) + LOW_BITS);
  bytes.push(rest);
}

class NumberReader {
  readonly #bytes: Buffer;
  #at: number;
  isGood = true;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) this.isGood = false;
    return byte ?? 0;
  }

  number(): number {
    let value = 0;
    for (let unit = 1; ; unit *= LOW_BITS) {
      const byte = this.byte();
      value += (byte % LOW_BITS) * unit;
      if (!Number.isSafeInteger(value)) this.isGood = false;
      if (byte < LOW_BITS || !this.isGood) return value;
    }
  }
}
