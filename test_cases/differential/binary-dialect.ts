import { binaryCommands, HEADER_BYTES, NAMES_BY_OPAQUE, packet } from './binary-generator.ts';
import type { Dialect } from './stream.ts';

const NOOP = 0x0a;
const VERSION = 0x0b;
const READS = [0x00, 0x09, 0x0c, 0x0d, 0x1d, 0x1e, 0x23, 0x24];
const COUNTS = [0x05, 0x06, 0x15, 0x16];

/** Larger than every opaque of the generator. */
const PROBE_OPAQUE = 0xf000_0000;

export const BINARY: Dialect = {
  name: 'binary',
  lastAnswerMayBeLost: true,
  generate: binaryCommands,
  isRead: (command) => READS.includes(command.charCodeAt(1)),
  isCount: (command) => COUNTS.includes(command.charCodeAt(1)),
  probe: (id) => {
    const opaque = PROBE_OPAQUE + id;
    const answer = packet({ magic: 0x81, opcode: NOOP, opaque });
    return { request: latin1(packet({ opcode: NOOP, opaque })), answer: latin1(answer) };
  },
  // No packet begins with a zero: when the filler completes a value and goes on, the connection closes.
  filler: (bytes) => Buffer.alloc(bytes),
  readReplies: readBinaryReplies,
};

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/**
 * Splits the output into packets. A CAS token is replaced by its rank, in the order in which tokens first appeared; the
 * value of `version` is left out. A token belongs to the key that the opaque stands for.
 */
function readBinaryReplies(output: Buffer, onToken: (key: string, token: bigint) => void): string[] {
  const ranks = new Map<bigint, number>([[0n, 0]]);
  const replies: string[] = [];
  for (let at = 0; at < output.length; ) {
    const left = output.subarray(at);
    if (left.length < HEADER_BYTES || left.length < HEADER_BYTES + left.readUInt32BE(8)) {
      replies.push(`cut off: ${left.toString('latin1')}`);
      break;
    }
    const end = HEADER_BYTES + left.readUInt32BE(8);
    const opaque = left.readUInt32BE(12);
    const token = left.readBigUInt64BE(16);
    if (token !== 0n) onToken(`#${NAMES_BY_OPAQUE[opaque % 256] ?? ''}`, token);
    if (!ranks.has(token)) ranks.set(token, ranks.size);
    replies.push(described(left.subarray(0, end), ranks.get(token)!));
    at += end;
  }
  return replies;
}

function described(reply: Buffer, rank: number): string {
  const extrasEnd = HEADER_BYTES + reply[4]!;
  const keyEnd = extrasEnd + reply.readUInt16BE(2);
  const [magic, opcode] = [reply[0]!, reply[1]!];
  const value = opcode === VERSION ? '…' : reply.toString('latin1', keyEnd);
  return [
    `${magic.toString(16)} opcode ${opcode.toString(16)} status ${reply.readUInt16BE(6).toString(16)}`,
    `type ${reply[5]} opaque ${reply.readUInt32BE(12).toString(16)} token ${rank}`,
    `extras ${reply.toString('hex', HEADER_BYTES, extrasEnd)} key ${reply.toString('latin1', extrasEnd, keyEnd)}`,
    `value ${value}`,
  ].join(' ');
}
