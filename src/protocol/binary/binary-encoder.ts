import { InvariantError } from '../../base/invariant-error.ts';
import type { Hit, Outcome, Reply } from '../reply.ts';
import type { ReplyBuffer } from '../reply-buffer.ts';
import type { Request, StorageRequest } from '../request.ts';
import type { BinaryWire } from './make-binary-request.ts';
import {
  AT,
  FAILURES,
  type Failure,
  HEADER_BYTES,
  RESPONSE_MAGIC,
  SUCCESS,
  TEMPORARY_FAILURE,
} from './wire-format.ts';

/**
 * Replies in memcached's binary protocol, as memcached 1.6.18 writes them. A quiet command is answered only if it has
 * found something, or has failed.
 */

/** Headers are made here, and copied into the reply buffer at once, alone or with the bytes that follow them. */
const HEADER = Buffer.alloc(HEADER_BYTES);
const HEADER_AND_FLAGS = Buffer.alloc(HEADER_BYTES + 4);
const HEADER_AND_NUMBER = Buffer.alloc(HEADER_BYTES + 8);

const VERSION_PREFIX = 'VERSION ';

/** Writes the reply to a request that the decoder of this protocol has made. */
export function encodeBinary(request: Request, reply: Reply, out: ReplyBuffer): void {
  if (!('wire' in request)) return;
  const wire = request.wire as BinaryWire;
  if (wire.failure !== null) return encodeFailure(wire, wire.failure, out);
  switch (request.kind) {
    case 'get':
    case 'gat':
      return encodeRead(request.keys[0]!, wire, reply, out);
    case 'stats':
      return encodeStats(wire, reply, out);
    case 'version':
      return encodeVersion(wire, reply, out);
    case 'storage':
    case 'arithmetic':
    case 'touch':
    case 'delete':
    case 'flush_all':
    case 'noop':
    case 'quit':
    case 'invalid':
    // The binary protocol has no command for these.
    case 'read_item':
    case 'debug':
    case 'verbosity':
    case 'admin':
    case 'level':
    case 'keyspace':
    case 'member':
    case 'session':
    case 'show':
    case 'slowlog':
    case 'who':
      return encodeOther(request, wire, reply, out);
  }
}

function encodeRead(key: string, wire: BinaryWire, reply: Reply, out: ReplyBuffer): void {
  if (reply.kind !== 'hits') return encodeError(wire, reply, out);
  const hit = reply.hits[0];
  if (hit !== undefined) return encodeHit(wire, hit, out);
  if (wire.command!.quiet) return;
  if (!wire.command!.answersKey) return encodeFailure(wire, FAILURES.notFound, out);
  writeHeader(HEADER, wire, FAILURES.notFound.status, key.length, 0, key.length, 0n);
  out.bytes(HEADER);
  out.text(key);
}

function encodeHit(wire: BinaryWire, { key, flags, value, cas }: Hit, out: ReplyBuffer): void {
  const { answersKey, answersValue } = wire.command!;
  const keyBytes = answersKey ? key.length : 0;
  const valueBytes = answersValue ? value.length : 0;
  writeHeader(HEADER_AND_FLAGS, wire, SUCCESS, keyBytes, 4, 4 + keyBytes + valueBytes, cas);
  HEADER_AND_FLAGS.writeUInt32BE(flags, HEADER_BYTES);
  out.bytes(HEADER_AND_FLAGS);
  if (answersKey) out.text(key);
  if (answersValue) out.bytes(value);
}

/** One packet for each figure, and an empty packet as the end. An empty group is the empty packet alone. */
function encodeStats(wire: BinaryWire, reply: Reply, out: ReplyBuffer): void {
  switch (reply.kind) {
    case 'stats':
      for (const [name, value] of reply.stats) encodeStat(wire, name, value, out);
      return encodeEmpty(wire, 0n, out);
    case 'lines':
      encodeStat(wire, 'detailed', [...reply.lines, 'END', ''].join('\r\n'), out);
      return encodeEmpty(wire, 0n, out);
    case 'outcome':
      return encodeEmpty(wire, 0n, out);
    case 'line':
      return encodeStatLine(wire, reply.line, out);
    case 'server_error':
      return encodeError(wire, reply, out);
    case 'client_error':
    case 'hits':
    case 'item':
    case 'number':
      return encodeFailure(wire, FAILURES.notFound, out);
  }
}

/** memcached sends no empty packet behind a figure that is a line in the text protocol. */
function encodeStatLine(wire: BinaryWire, line: string, out: ReplyBuffer): void {
  const figure = /^STAT (\S+) (.*)$/.exec(line);
  if (figure !== null) return encodeStat(wire, figure[1]!, figure[2]!, out);
  if (line === 'RESET') return encodeEmpty(wire, 0n, out);
  encodeFailure(wire, FAILURES.notFound, out);
}

function encodeStat(wire: BinaryWire, name: string, value: string, out: ReplyBuffer): void {
  const nameBytes = Buffer.byteLength(name);
  writeHeader(HEADER, wire, SUCCESS, nameBytes, 0, nameBytes + Buffer.byteLength(value), 0n);
  out.bytes(HEADER);
  out.utf8(name);
  out.utf8(value);
}

function encodeVersion(wire: BinaryWire, reply: Reply, out: ReplyBuffer): void {
  if (reply.kind !== 'line') return encodeError(wire, reply, out);
  const { line } = reply;
  encodeText(wire, SUCCESS, line.startsWith(VERSION_PREFIX) ? line.slice(VERSION_PREFIX.length) : line, out);
}

/** Encodes the replies that are an outcome or a number. */
function encodeOther(request: Request, wire: BinaryWire, reply: Reply, out: ReplyBuffer): void {
  switch (reply.kind) {
    case 'outcome': {
      const failure = failureOf(reply.outcome, request);
      if (failure !== null) return encodeFailure(wire, failure, out);
      return wire.command!.quiet ? undefined : encodeEmpty(wire, reply.cas ?? 0n, out);
    }
    case 'number':
      return wire.command!.quiet ? undefined : encodeNumber(wire, reply.value, reply.cas, out);
    case 'client_error':
      if (request.kind === 'arithmetic') return encodeFailure(wire, FAILURES.nonNumeric, out);
      return encodeError(wire, reply, out);
    case 'server_error':
    case 'hits':
    case 'item':
    case 'line':
    case 'lines':
    case 'stats':
      return encodeError(wire, reply, out);
  }
}

/** memcached's statuses: `add` fails because there is an entry, and `replace` because there is none. */
function failureOf(outcome: Outcome, request: Request): Failure | null {
  switch (outcome) {
    case 'not_found':
      return FAILURES.notFound;
    case 'exists':
      return FAILURES.exists;
    case 'not_stored':
      return NOT_STORED[(request as StorageRequest).verb] ?? FAILURES.notStored;
    case 'stored':
    case 'deleted':
    case 'touched':
    case 'ok':
      return null;
  }
}

const NOT_STORED: Partial<Record<StorageRequest['verb'], Failure>> = {
  add: FAILURES.exists,
  replace: FAILURES.notFound,
};

function encodeNumber(wire: BinaryWire, value: bigint, cas: bigint, out: ReplyBuffer): void {
  writeHeader(HEADER_AND_NUMBER, wire, SUCCESS, 0, 0, 8, cas);
  HEADER_AND_NUMBER.writeBigUInt64BE(value, HEADER_BYTES);
  out.bytes(HEADER_AND_NUMBER);
}

function encodeEmpty(wire: BinaryWire, cas: bigint, out: ReplyBuffer): void {
  writeHeader(HEADER, wire, SUCCESS, 0, 0, 0, cas);
  out.bytes(HEADER);
}

/** memcached has no status for these: the reason is sent as the text. */
function encodeError(wire: BinaryWire, reply: Reply, out: ReplyBuffer): void {
  switch (reply.kind) {
    case 'client_error':
      return encodeText(wire, FAILURES.invalidArguments.status, reply.reason, out);
    case 'server_error':
      return encodeText(wire, TEMPORARY_FAILURE, reply.reason, out);
    case 'outcome':
    case 'hits':
    case 'item':
    case 'number':
    case 'line':
    case 'lines':
    case 'stats':
      throw new InvariantError('a binary request was answered with a reply of the text protocol', {
        opcode: wire.opcode,
        reply: reply.kind,
      });
  }
}

function encodeFailure(wire: BinaryWire, { status, text }: Failure, out: ReplyBuffer): void {
  encodeText(wire, status, text, out);
}

function encodeText(wire: BinaryWire, status: number, text: string, out: ReplyBuffer): void {
  writeHeader(HEADER, wire, status, 0, 0, Buffer.byteLength(text), 0n);
  out.bytes(HEADER);
  out.utf8(text);
}

function writeHeader(
  into: Buffer,
  { opcode, opaque }: BinaryWire,
  status: number,
  keyBytes: number,
  extrasBytes: number,
  bodyBytes: number,
  cas: bigint,
): void {
  into[0] = RESPONSE_MAGIC;
  into[AT.opcode] = opcode;
  into.writeUInt16BE(keyBytes, AT.keyBytes);
  into[AT.extrasBytes] = extrasBytes;
  into.writeUInt16BE(status, AT.status);
  into.writeUInt32BE(bodyBytes, AT.bodyBytes);
  into.writeUInt32BE(opaque, AT.opaque);
  into.writeBigUInt64BE(cas, AT.cas);
}
