import type { Random } from '../sim/random.ts';
import { abrupt, type Command, command, type GenerateOptions, type Rendering } from './stream.ts';
import { pickWeighted } from './text-generator.ts';
import * as words from './words.ts';

/**
 * Packets of the binary protocol, well-formed and malformed, with runs of quiet ones. The generator leaves out `stat`,
 * except for groups that do not exist; lengths that announce more than a megabyte; and a body after an unknown opcode:
 * memcached reads such a body as the next packet and closes, and whether its reply is still sent depends on how the
 * network cut the input.
 */
export function binaryCommands(random: Random, { alone }: GenerateOptions): Command[] {
  if (alone && random.chance(0.08)) return [flush(random)];
  return [pickWeighted(random, SHAPES)(random)].flat();
}

type Shape = (random: Random) => Command | Command[];

const SHAPES: readonly (readonly [weight: number, shape: Shape])[] = [
  [25, store],
  [12, join],
  [25, get],
  [12, arithmetic],
  [8, remove],
  [10, touch],
  [6, plain],
  [3, misshapen],
  [0.15, nearItemLimit],
  [0.2, last],
];

export const HEADER_BYTES = 24;
const REQUEST_MAGIC = 0x80;

/** The name of a key, by the low byte of the opaque: replies do not name the key that their token belongs to. */
export const NAMES_BY_OPAQUE = ['', 'a', 'b', 'c', 'd', 'n', 'longest', 'control', 'high', 'large'];

export interface Packet {
  readonly opcode: number;
  readonly magic?: number;
  readonly keyLength?: number;
  readonly extras?: Buffer;
  readonly extrasLength?: number;
  readonly key?: string;
  readonly value?: string;
  readonly bodyLength?: number;
  readonly dataType?: number;
  readonly vbucket?: number;
  readonly opaque?: number;
  readonly cas?: bigint;
}

/** The lengths in the header are those of the parts, unless the fields give others. */
export function packet(fields: Packet): string {
  const { key = '', value = '', extras = NOTHING } = fields;
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes[0] = fields.magic ?? REQUEST_MAGIC;
  bytes[1] = fields.opcode;
  bytes.writeUInt16BE(fields.keyLength ?? key.length, 2);
  bytes[4] = fields.extrasLength ?? extras.length;
  bytes[5] = fields.dataType ?? 0;
  bytes.writeUInt16BE(fields.vbucket ?? 0, 6);
  bytes.writeUInt32BE(fields.bodyLength ?? extras.length + key.length + value.length, 8);
  bytes.writeUInt32BE(fields.opaque ?? 0, 12);
  bytes.writeBigUInt64BE(fields.cas ?? 0n, 16);
  return bytes.toString('latin1') + extras.toString('latin1') + key + value;
}

const NOTHING = Buffer.alloc(0);

function keyed(
  random: Random,
  fields: Omit<Packet, 'key' | 'cas' | 'opaque'>,
  cas: 'never' | 'sometimes' = 'never',
): Command {
  const name = words.keyName(random);
  const token = cas === 'sometimes' && random.chance(0.3) ? words.token(random, name) : null;
  const opaque = random.below(2 ** 20) * 256 + NAMES_BY_OPAQUE.indexOf(name);
  return command((rendering: Rendering) => {
    const key = rendering.key(name);
    return packet({ ...fields, key, opaque, cas: token === null ? 0n : token(rendering) });
  }, random);
}

function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => {
    bytes.writeUInt32BE(value >>> 0, 4 * at);
  });
  return bytes;
}

/** An expiry that never comes while a stream runs. */
function exptime(random: Random): number {
  return random.chance(0.6)
    ? 0
    : random.pick([100, 1_000, 2_592_000, 2_592_001, 2_000_000_000, 2 ** 31, 2 ** 32 - 2]);
}

function flags(random: Random): number {
  return random.chance(0.6) ? 0 : random.pick([1, 65_535, 2 ** 31, 2 ** 32 - 1]);
}

function store(random: Random): Command {
  const opcode = random.pick([0x01, 0x01, 0x01, 0x02, 0x03, 0x11, 0x11, 0x12, 0x13]);
  const extras = u32(flags(random), exptime(random));
  return keyed(random, { opcode, extras, value: words.value(random) }, 'sometimes');
}

function join(random: Random): Command {
  const opcode = random.pick([0x0e, 0x0f, 0x19, 0x1a]);
  return keyed(random, { opcode, value: words.value(random) }, 'sometimes');
}

function get(random: Random): Command {
  return keyed(random, { opcode: random.pick([0x00, 0x00, 0x0c, 0x0c, 0x09, 0x0d]) });
}

function touch(random: Random): Command {
  const opcode = random.pick([0x1c, 0x1d, 0x1e, 0x23, 0x24]);
  return keyed(random, { opcode, extras: u32(exptime(random)) });
}

function remove(random: Random): Command {
  return keyed(random, { opcode: random.pick([0x04, 0x14]) }, 'sometimes');
}

function arithmetic(random: Random): Command {
  const extras = Buffer.alloc(20);
  const number = (): bigint => BigInt.asUintN(64, BigInt(words.delta(random).replace(/^\+/, '')));
  extras.writeBigUInt64BE(number(), 0);
  extras.writeBigUInt64BE(number(), 8);
  extras.writeUInt32BE(random.chance(0.4) ? 2 ** 32 - 1 : exptime(random), 16);
  return keyed(random, { opcode: random.pick([0x05, 0x06, 0x15, 0x16]), extras }, 'sometimes');
}

function flush(random: Random): Command {
  const [opcode, extras] = [random.pick([0x08, 0x18]), random.pick([NOTHING, u32(0)])];
  return command(() => packet({ opcode, extras }), random);
}

/** `noop`, `version`, the SASL commands, `verbosity` and unknown opcodes. */
function plain(random: Random): Command {
  const opaque = random.below(2 ** 20) * 256;
  const fields = random.pick<Packet>([
    ...[{ opcode: 0x0a }, { opcode: 0x0a }, { opcode: 0x0b }, { opcode: 0x20 }, { opcode: 0x1b }],
    ...[
      { opcode: 0x21, key: 'PLAIN', value: '\0user\0pass' },
      { opcode: 0x22, key: 'PLAIN', value: 'x' },
    ],
    ...[{ opcode: 0x10, key: 'nothing' }, { opcode: 0x25 }, { opcode: 0x30 }, { opcode: 0x1f }],
    ...[{ opcode: 0x55 }, { opcode: 0xff }, { opcode: 0x3d }],
  ]);
  return command(() => packet({ ...fields, opaque }), random);
}

/**
 * Packets whose lengths contradict each other, with extras or keys that do not belong, or with a wrong magic or data
 * type.
 */
function misshapen(random: Random): Command[] {
  const opcode = random.pick([0x00, 0x01, 0x02, 0x04, 0x05, 0x0a, 0x0b, 0x0e, 0x11, 0x1c, 0x1d, 0x25]);
  const name = random.pick(['a', 'b', 'too long', 'none']);
  const extras = random.pick([NOTHING, u32(0), u32(0, 0), Buffer.alloc(20), Buffer.alloc(24)]);
  const value = random.pick(['', 'x', 'value']);
  const change = random.pick<Partial<Packet>>([
    ...[{}, {}, {}, { magic: 0x81 }, { magic: 0 }, { dataType: 1 }, { vbucket: 7 }, { keyLength: 0 }],
    ...[{ keyLength: 300 }, { bodyLength: 0 }, { bodyLength: 3 }, { bodyLength: 500 }, { extrasLength: 30 }],
  ]);
  // A `noop` comes first: at the beginning of a connection, a wrong magic would select the text protocol.
  const first = command(() => packet({ opcode: 0x0a }), random);
  const one = command(({ key }) => {
    return packet({ opcode, extras, value, key: name === 'none' ? '' : key(name), ...change });
  }, random);
  return [first, { ...abrupt(one), pauseAfter: true }];
}

/**
 * Values near the item limit. They have a key of their own, since memcached's `increment` of such a value ignores the
 * token.
 */
function nearItemLimit(random: Random): Command[] {
  const opcode = random.pick([0x01, 0x02, 0x03, 0x11, 0x0e]);
  const length = 1_048_576 - random.pick([0, 40, 66, 67, 68, 69, 70, 400]);
  const extras = opcode === 0x0e ? NOTHING : u32(0, 0);
  const value = 'v'.repeat(length);
  const one = command(({ key }) => packet({ opcode, extras, key: key('large'), value }), random);
  return [abrupt(one), command(({ key }) => packet({ opcode: 0x00, key: key('large') }), random)];
}

function last(random: Random): Command {
  const opcode = random.pick([0x07, 0x17]);
  return abrupt(command(() => packet({ opcode }), random));
}
