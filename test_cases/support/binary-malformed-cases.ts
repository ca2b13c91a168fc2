import { type BinaryCase, closes, FLAGS_7, noop, SOON } from './binary-case.ts';
import { counterExtras, packet } from './binary-packets.ts';

/** Packets that end the connection; each has a noop before it and another packet after it. */

/** Extras and key that, with a header, fill memcached's read buffer. */
const PREAMBLE_LONGEST = 16_384 - 24;

const INVALID: readonly (readonly [name: string, malformed: Buffer])[] = [
  ['get without a key', packet(0x00)],
  ['get with extras', packet(0x00, { key: 'k', extras: SOON })],
  ['getq with a value', packet(0x09, { key: 'k', value: 'v' })],
  ['set without a key', packet(0x01, { extras: FLAGS_7, value: 'v' })],
  ['set with short extras', packet(0x01, { key: 'k', extras: SOON, value: 'v' })],
  ['setq without extras', packet(0x11, { key: 'k', value: 'v' })],
  ['append with extras', packet(0x0e, { key: 'k', extras: FLAGS_7, value: 'v' })],
  ['delete with a value', packet(0x04, { key: 'k', value: 'v' })],
  ['delete with extras', packet(0x04, { key: 'k', extras: SOON })],
  ['increment with short extras', packet(0x05, { key: 'k', extras: FLAGS_7 })],
  ['decrement with a value', packet(0x06, { key: 'k', extras: counterExtras(1n, 1n, 0), value: 'v' })],
  ['extras of 255 bytes', packet(0x05, { key: 'k', extras: Buffer.alloc(255) })],
  ['touch without extras', packet(0x1c, { key: 'k' })],
  ['gat without a key', packet(0x1d, { extras: SOON })],
  ['noop with a key', packet(0x0a, { key: 'k' })],
  ['version with a value', packet(0x0b, { value: 'v' })],
  ['quit with extras', packet(0x07, { extras: SOON })],
  ['flush with a key', packet(0x08, { key: 'k' })],
  ['flush with long extras', packet(0x08, { extras: FLAGS_7 })],
  ['stat with extras', packet(0x10, { extras: SOON })],
  ['sasl_list_mechs with a key', packet(0x20, { key: 'k' })],
  ['sasl_auth without a key', packet(0x21, { value: 'v' })],
  ['sasl_auth with extras', packet(0x21, { key: 'PLAIN', extras: SOON })],
  ['a key that is too long', packet(0x00, { key: 'k'.repeat(251) })],
  ['a key that is too long, of an unknown opcode', packet(0x60, { key: 'k'.repeat(251) })],
  ['the longest preamble', packet(0x01, { key: 'k'.repeat(PREAMBLE_LONGEST - 8), extras: FLAGS_7 })],
];

const UNKNOWN: readonly (readonly [name: string, malformed: Buffer])[] = [
  ['a body shorter than the key', packet(0x00, { key: 'key', bodyBytes: 2 })],
  ['a body shorter than extras and key', packet(0x01, { key: 'key', extras: FLAGS_7, bodyBytes: 10 })],
];

const opcodeOf = (malformed: Buffer) => malformed.toString('hex', 1, 2);

export const BINARY_MALFORMED_CASES: readonly BinaryCase[] = [
  ...INVALID.map(([name, malformed]) =>
    closes(
      name,
      [noop(), malformed, noop()],
      ['#0 0a status=0', `#1 ${opcodeOf(malformed)} status=4 value="Invalid arguments"`],
    ),
  ),
  ...UNKNOWN.map(([name, malformed]) =>
    closes(
      name,
      [noop(), malformed, noop()],
      ['#0 0a status=0', `#1 ${opcodeOf(malformed)} status=81 value="Unknown command"`],
    ),
  ),
  closes(
    'a preamble that is too long',
    [noop(), packet(0x01, { key: 'k'.repeat(PREAMBLE_LONGEST - 7), extras: FLAGS_7 })],
    ['#0 0a status=0'],
  ),
  closes(
    'another magic in the middle',
    [noop(), packet(0x00, { key: 'k', magic: 0x81 })],
    ['#0 0a status=0'],
  ),
  closes('text in the middle', [noop(), Buffer.from('get a-key-of-many-bytes\r\n')], ['#0 0a status=0']),
];
