import { once } from 'node:events';
import { connect } from 'node:net';
import { HANGS_AFTER_MS } from './hang.ts';

/** memcached's binary protocol for tests, which shares no code with the product. */

const HEADER_BYTES = 24;
const OPAQUE_AT = 12;
const BODY_BYTES_AT = 8;

/** The fields of a request packet. Lengths in the header are those of the parts, unless others are given. */
export interface PacketFields {
  readonly key?: string;
  readonly extras?: Buffer;
  readonly value?: string | Buffer;
  readonly cas?: bigint;
  readonly magic?: number;
  readonly dataType?: number;
  readonly vbucket?: number;
  readonly bodyBytes?: number;
}

export function packet(opcode: number, fields: PacketFields = {}): Buffer {
  const key = Buffer.from(fields.key ?? '', 'latin1');
  const extras = fields.extras ?? Buffer.alloc(0);
  const value = typeof fields.value === 'object' ? fields.value : Buffer.from(fields.value ?? '', 'latin1');
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = fields.magic ?? 0x80;
  header[1] = opcode;
  header.writeUInt16BE(key.length, 2);
  header[4] = extras.length;
  header[5] = fields.dataType ?? 0;
  header.writeUInt16BE(fields.vbucket ?? 0, 6);
  header.writeUInt32BE(fields.bodyBytes ?? extras.length + key.length + value.length, BODY_BYTES_AT);
  header.writeBigUInt64BE(fields.cas ?? 0n, 16);
  return Buffer.concat([header, extras, key, value]);
}

export function u32(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, at) => {
    bytes.writeUInt32BE(number, 4 * at);
  });
  return bytes;
}

/** The extras of `increment` and `decrement`. */
export function counterExtras(delta: bigint, initial: bigint, exptime: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeBigUInt64BE(delta, 0);
  bytes.writeBigUInt64BE(initial, 8);
  bytes.writeUInt32BE(exptime, 16);
  return bytes;
}

/** Numbers the packets of a conversation from 0, in their opaques. */
export function numbered(packets: readonly Buffer[]): Buffer {
  return Buffer.concat(
    packets.map((bytes, at) => {
      const copy = Buffer.from(bytes);
      if (copy.length >= HEADER_BYTES) copy.writeUInt32BE(at, OPAQUE_AT);
      return copy;
    }),
  );
}

export interface ResponsePacket {
  readonly magic: number;
  readonly opcode: number;
  readonly dataType: number;
  readonly status: number;
  readonly opaque: number;
  readonly cas: bigint;
  readonly extras: Buffer;
  readonly key: string;
  readonly value: Buffer;
}

/** The complete packets; the rest of an incomplete last one is dropped. */
export function readPackets(bytes: Buffer): ResponsePacket[] {
  const packets: ResponsePacket[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const extrasAt = at + HEADER_BYTES;
    const keyAt = extrasAt + bytes[at + 4]!;
    const valueAt = keyAt + bytes.readUInt16BE(at + 2);
    const end = extrasAt + bytes.readUInt32BE(at + BODY_BYTES_AT);
    if (end > bytes.length) break;
    packets.push({
      magic: bytes[at]!,
      opcode: bytes[at + 1]!,
      dataType: bytes[at + 5]!,
      status: bytes.readUInt16BE(at + 6),
      opaque: bytes.readUInt32BE(at + OPAQUE_AT),
      cas: bytes.readBigUInt64BE(at + 16),
      extras: bytes.subarray(extrasAt, keyAt),
      key: bytes.toString('latin1', keyAt, valueAt),
      value: bytes.subarray(valueAt, end),
    });
    at = end;
  }
  return packets;
}

/**
 * A response as one line, without the value of its token: the request that it answers, opcode and status, and `key`,
 * `extras`, `value` and `cas` where it has them.
 */
export function shown(response: ResponsePacket): string {
  const { magic, opcode, dataType, status, opaque, cas, extras, key, value } = response;
  const words = [`#${opaque}`, opcode.toString(16).padStart(2, '0'), `status=${status.toString(16)}`];
  if (magic !== 0x81) words.push(`magic=${magic}`);
  if (dataType !== 0) words.push(`type=${dataType}`);
  if (extras.length > 0) words.push(`extras=${extras.toString('hex')}`);
  if (key !== '') words.push(`key=${key.length > 40 ? `${key.length} bytes` : JSON.stringify(key)}`);
  if (value.length > 40) words.push(`value=${value.length} bytes`);
  else if (value.length > 0) words.push(`value=${JSON.stringify(value.toString('latin1'))}`);
  if (cas !== 0n) words.push('cas');
  return words.join(' ');
}

const LAST_OPAQUE = 0xffff_fffe;
const ANSWER_WITHIN_MS = HANGS_AFTER_MS;

export interface Conversation {
  readonly output: readonly string[];
  readonly closes: boolean;
}

/**
 * Sends the input and a noop over a connection of its own, and collects the answers until that of the noop, or until
 * the server closes.
 */
export async function converse(port: number, input: Buffer): Promise<Conversation> {
  const { packets, closes } = await exchange(port, input);
  return { output: packets.map(shown), closes };
}

export async function exchange(
  port: number,
  input: Buffer,
): Promise<{ packets: ResponsePacket[]; closes: boolean }> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy());
  const last = packet(0x0a);
  last.writeUInt32BE(LAST_OPAQUE, OPAQUE_AT);
  let received: Buffer = Buffer.alloc(0);
  const isLast = ({ opaque }: ResponsePacket): boolean => opaque === LAST_OPAQUE;
  const ended = new Promise<boolean>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (readPackets(received).some(isLast)) resolve(false);
    });
    for (const event of ['end', 'close', 'error']) socket.once(event, () => resolve(true));
  });
  socket.write(Buffer.concat([input, last]));
  const closes = await ended;
  socket.destroy();
  return { packets: readPackets(received).filter((one) => !isLast(one)), closes };
}
