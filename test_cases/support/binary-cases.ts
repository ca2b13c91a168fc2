import {
  answers,
  type BinaryCase,
  closes,
  count,
  FAIL_IF_MISSING,
  get,
  noop,
  set,
  stat,
  store,
} from './binary-case.ts';
import { BINARY_ENTRY_CASES } from './binary-entry-cases.ts';
import { BINARY_MALFORMED_CASES } from './binary-malformed-cases.ts';
import { packet, u32 } from './binary-packets.ts';

const COUNTERS: readonly BinaryCase[] = [
  answers(
    'an initial value',
    [count(0x05, 1n, 10n), get('k'), count(0x05, 5n, 10n), count(0x06, 100n, 10n), get('k')],
    [
      '#0 05 status=0 value="\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\n" cas',
      '#1 00 status=0 extras=00000000 value="10" cas',
      '#2 05 status=0 value="\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u000f" cas',
      '#3 06 status=0 value="\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000" cas',
      '#4 00 status=0 extras=00000000 value="0 " cas',
    ],
  ),
  answers(
    'none',
    [count(0x05, 1n, 10n, FAIL_IF_MISSING), count(0x16, 1n, 10n, FAIL_IF_MISSING), get('k')],
    [
      '#0 05 status=1 value="Not found"',
      '#1 16 status=1 value="Not found"',
      '#2 00 status=1 value="Not found"',
    ],
  ),
  answers(
    'quiet',
    [count(0x15, 1n, 10n), count(0x15, 1n, 10n), count(0x16, 5n, 10n), get('k')],
    ['#3 00 status=0 extras=00000000 value="6 " cas'],
  ),
  answers(
    '64 bits',
    [count(0x05, 1n, 2n ** 64n - 2n), count(0x05, 1n, 0n), count(0x05, 2n, 0n), get('k')],
    [
      '#0 05 status=0 value="ÿÿÿÿÿÿÿþ" cas',
      '#1 05 status=0 value="ÿÿÿÿÿÿÿÿ" cas',
      '#2 05 status=0 value="\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0001" cas',
      '#3 00 status=0 extras=00000000 value="1                   " cas',
    ],
  ),
  answers(
    'a delta of 64 bits',
    [count(0x05, 1n, 5n), count(0x05, 2n ** 64n - 1n, 0n), count(0x06, 2n ** 64n - 1n, 0n), get('k')],
    [
      '#0 05 status=0 value="\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0005" cas',
      '#1 05 status=0 value="\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0004" cas',
      '#2 06 status=0 value="\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000" cas',
      '#3 00 status=0 extras=00000000 value="0" cas',
    ],
  ),
  answers(
    'no number',
    [set('k', 'v'), ...[0x05, 0x06, 0x15, 0x16].map((op) => count(op, 1n, 0n))],
    [
      '#0 01 status=0 cas',
      '#1 05 status=6 value=46 bytes',
      '#2 06 status=6 value=46 bytes',
      '#3 15 status=6 value=46 bytes',
      '#4 16 status=6 value=46 bytes',
    ],
  ),
  answers(
    'an empty value is no number, whatever the token',
    [set('k', ''), count(0x05, 1n, 0n), count(0x05, 1n, 0n, 0, 5n)],
    ['#0 01 status=0 cas', '#1 05 status=6 value=46 bytes', '#2 05 status=6 value=46 bytes'],
  ),
  answers(
    'keeps the flags',
    [set('k', '5'), count(0x05, 1n, 0n), get('k')],
    [
      '#0 01 status=0 cas',
      '#1 05 status=0 value="\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0006" cas',
      '#2 00 status=0 extras=00000007 value="6" cas',
    ],
  ),
];

const OTHERS: readonly BinaryCase[] = [
  answers('noop', [noop(), noop()], ['#0 0a status=0', '#1 0a status=0']),
  answers(
    'flush',
    [
      set('k', 'v'),
      packet(0x08),
      get('k'),
      set('k', 'v'),
      packet(0x18),
      get('k'),
      packet(0x08, { extras: u32(0) }),
    ],
    [
      '#0 01 status=0 cas',
      '#1 08 status=0',
      '#2 00 status=1 value="Not found"',
      '#3 01 status=0 cas',
      '#5 00 status=1 value="Not found"',
      '#6 08 status=0',
    ],
  ),
  answers(
    'flush later',
    [set('k', 'v'), packet(0x08, { extras: u32(1000) }), get('k')],
    ['#0 01 status=0 cas', '#1 08 status=0', '#2 00 status=0 extras=00000007 value="v" cas'],
  ),
  closes('quit', [packet(0x07), noop()], ['#0 07 status=0']),
  closes('quitq', [set('k', 'v'), packet(0x17), noop()], ['#0 01 status=0 cas']),
  answers(
    'a statistic that does not exist',
    [
      stat('foo'),
      stat('conns'),
      stat('detail'),
      stat('detail foo'),
      stat('items foo'),
      stat('cachedump 1 0'),
    ],
    [
      '#0 10 status=1 value="Not found"',
      '#1 10 status=1 value="Not found"',
      '#2 10 status=1 value="Not found"',
      '#3 10 status=1 value="Not found"',
      '#4 10 status=1 value="Not found"',
      '#5 10 status=1 value="Not found"',
    ],
  ),
  answers('resetting statistics', [stat('reset'), stat('resets')], ['#0 10 status=0', '#1 10 status=0']),
  answers(
    'sasl',
    [
      packet(0x20),
      packet(0x21, { key: 'PLAIN', value: '\0u\0p' }),
      packet(0x22, { key: 'PLAIN', value: '\0u\0p' }),
    ],
    [
      '#0 20 status=81 value="Unknown command"',
      '#1 21 status=81 value="Unknown command"',
      '#2 22 status=81 value="Unknown command"',
    ],
  ),
  answers(
    'verbosity and unknown opcodes',
    [...[0x1b, 0x1f, 0x25, 0x30, 0x3c, 0x40, 0x60, 0xff].map((op) => packet(op))],
    [
      '#0 1b status=81 value="Unknown command"',
      '#1 1f status=81 value="Unknown command"',
      '#2 25 status=81 value="Unknown command"',
      '#3 30 status=81 value="Unknown command"',
      '#4 3c status=81 value="Unknown command"',
      '#5 40 status=81 value="Unknown command"',
      '#6 60 status=81 value="Unknown command"',
      '#7 ff status=81 value="Unknown command"',
    ],
  ),
  answers(
    'an unknown opcode skips its extras and key once more',
    [
      packet(0x60, { key: 'abc', value: 'v' }),
      Buffer.from('123'),
      packet(0x1b, { extras: u32(1) }),
      Buffer.from('1234'),
    ],
    ['#0 60 status=81 value="Unknown command"', '#2 1b status=81 value="Unknown command"'],
  ),
  answers(
    'an unknown opcode with a body of more than 2 GiB',
    [packet(0x60, { bodyBytes: 0xffff_ffff })],
    ['#0 60 status=81 value="Unknown command"'],
  ),
  answers(
    'answers in the order of the requests',
    [
      set('k', 'v'),
      packet(0x09, { key: 'a' }),
      packet(0x0d, { key: 'k' }),
      store(0x12, 'x'),
      packet(0x14, { key: 'a' }),
      packet(0x09, { key: 'k' }),
      noop(),
    ],
    [
      '#0 01 status=0 cas',
      '#2 0d status=0 extras=00000007 key="k" value="v" cas',
      '#3 12 status=2 value="Data exists for key."',
      '#4 14 status=1 value="Not found"',
      '#5 09 status=0 extras=00000007 value="v" cas',
      '#6 0a status=0',
    ],
  ),
];

/** All cases of the binary protocol. */
export const BINARY_CASES: readonly BinaryCase[] = [
  ...BINARY_ENTRY_CASES,
  ...COUNTERS,
  ...OTHERS,
  ...BINARY_MALFORMED_CASES,
];
