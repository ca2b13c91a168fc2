import type {
  ArithmeticRequest,
  DeleteRequest,
  FlushAllRequest,
  GetAndTouchRequest,
  GetRequest,
  InvalidRequest,
  Request,
  StatsRequest,
  StorageRequest,
  StorageVerb,
} from '../request.ts';
import type { BinaryCommand } from './binary-command.ts';
import type { Packet } from './packet.ts';
import { statWords } from './stat-groups.ts';
import { FAILURES, type Failure, NO_INITIAL_VALUE } from './wire-format.ts';

/**
 * Makes requests of well-formed packets. An exptime of this protocol is unsigned: the only way to say "already
 * expired" is a unix time that has passed.
 */

/** What the answer to a request has to repeat, and in which form it is given. */
export interface BinaryWire {
  readonly opcode: number;
  readonly opaque: number;
  /** Null for an opcode that is not in the table. */
  readonly command: BinaryCommand | null;
  /** The answer to an invalid request; null for any other. */
  readonly failure: Failure | null;
}

type Make<R extends Request> = (packet: Packet, command: BinaryCommand, value: Buffer) => R;

function wireOf({ opcode, opaque }: Packet, command: BinaryCommand): BinaryWire {
  return { opcode, opaque, command, failure: null };
}

export const get: Make<GetRequest> = (packet, command) => ({
  kind: 'get',
  keys: [packet.key],
  withCas: true,
  wire: wireOf(packet, command),
});

/** The answer to `touch` has flags and token, as that to `gat`, so both become the same request. */
export const getAndTouch: Make<GetAndTouchRequest> = (packet, command) => ({
  kind: 'gat',
  keys: [packet.key],
  withCas: true,
  exptime: packet.extras.readUInt32BE(0),
  wire: wireOf(packet, command),
});

export const set = storing('set');
export const add = storing('add');
export const replace = storing('replace');
export const append = joining('append');
export const prepend = joining('prepend');

/** With a token to compare, `set`, `add` and `replace` mean the same. */
function storing(verb: StorageVerb): Make<StorageRequest> {
  return (packet, command, value) => {
    const { cas, extras } = packet;
    const [flags, exptime] = [extras.readUInt32BE(0), extras.readUInt32BE(4)];
    return storeOf(packet, command, cas === null ? verb : 'cas', flags, exptime, value);
  };
}

function joining(verb: StorageVerb): Make<StorageRequest> {
  return (packet, command, value) => storeOf(packet, command, verb, 0, 0, value);
}

function storeOf(
  packet: Packet,
  command: BinaryCommand,
  verb: StorageVerb,
  flags: number,
  exptime: number,
  value: Buffer,
): StorageRequest {
  return {
    kind: 'storage',
    verb,
    key: packet.key,
    flags,
    exptime,
    value,
    compare: packet.cas,
    newToken: null,
    wantsToken: !command.quiet,
    invalidate: false,
    vivify: null,
    noreply: false,
    wire: wireOf(packet, command),
  };
}

export const remove: Make<DeleteRequest> = (packet, command) => ({
  kind: 'delete',
  key: packet.key,
  compare: packet.cas,
  newToken: null,
  wantsToken: false,
  invalidate: false,
  dropValue: false,
  touch: null,
  noreply: false,
  wire: wireOf(packet, command),
});

export const increment = counting('incr');
export const decrement = counting('decr');

function counting(verb: 'incr' | 'decr'): Make<ArithmeticRequest> {
  return (packet, command) => {
    const exptime = packet.extras.readUInt32BE(16);
    return {
      kind: 'arithmetic',
      verb,
      key: packet.key,
      delta: packet.extras.readBigUInt64BE(0),
      initial: exptime === NO_INITIAL_VALUE ? null : { value: packet.extras.readBigUInt64BE(8), exptime },
      touch: null,
      compare: packet.cas,
      newToken: null,
      wantsToken: !command.quiet,
      noreply: false,
      wire: wireOf(packet, command),
    };
  };
}

export const flush: Make<FlushAllRequest> = (packet, command) => ({
  kind: 'flush_all',
  delay: packet.extrasBytes === 0 ? 0 : packet.extras.readUInt32BE(0),
  noreply: false,
  wire: wireOf(packet, command),
});

export const stat: Make<StatsRequest> = (packet, command) => ({
  kind: 'stats',
  words: statWords(packet.key),
  wire: wireOf(packet, command),
});

/** A request without any fields. */
export function plain(kind: 'noop' | 'quit' | 'version'): Make<Request> {
  return (packet, command) => ({ kind, wire: wireOf(packet, command) });
}

/** A command that memcached has, and that is switched off here. */
export const refused: Make<InvalidRequest> = (packet) => invalid(packet, FAILURES.unknownCommand, false);

export function invalid({ opcode, opaque }: Packet, failure: Failure, fatal: boolean): InvalidRequest {
  const wire: BinaryWire = { opcode, opaque, command: null, failure };
  return { kind: 'invalid', line: failure.text, fatal, noreply: false, wire };
}
