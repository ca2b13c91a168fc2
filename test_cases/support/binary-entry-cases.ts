import {
  answers,
  type BinaryCase,
  count,
  FAIL_IF_MISSING,
  FLAGS_7,
  get,
  join,
  noop,
  SOON,
  set,
  store,
  touch,
} from './binary-case.ts';
import { packet, u32 } from './binary-packets.ts';

/** Packets that read and write entries. */

/** An exptime that means a unix time long ago. */
const LONG_AGO = 2_592_001;
/**
 * The largest value with the one-byte key `k` and no flags: key, value and overhead are exactly the item limit of 1
 * MiB.
 */
const VALUE_LARGEST = 1_048_576 - 59 - 1;

const READS: readonly BinaryCase[] = [
  answers(
    'hits',
    [set('k', 'v'), ...[0x00, 0x09, 0x0c, 0x0d].map((op) => packet(op, { key: 'k' }))],
    [
      '#0 01 status=0 cas',
      '#1 00 status=0 extras=00000007 value="v" cas',
      '#2 09 status=0 extras=00000007 value="v" cas',
      '#3 0c status=0 extras=00000007 key="k" value="v" cas',
      '#4 0d status=0 extras=00000007 key="k" value="v" cas',
    ],
  ),
  answers(
    'misses',
    [0x00, 0x09, 0x0c, 0x0d].map((op) => packet(op, { key: 'k' })),
    ['#0 00 status=1 value="Not found"', '#2 0c status=1 key="k"'],
  ),
  answers(
    'an empty value',
    [set('k', ''), get('k'), packet(0x0c, { key: 'k' })],
    [
      '#0 01 status=0 cas',
      '#1 00 status=0 extras=00000007 cas',
      '#2 0c status=0 extras=00000007 key="k" cas',
    ],
  ),
  answers(
    'a key of any bytes',
    [set('a b\0\n\xff', 'v'), packet(0x0c, { key: 'a b\0\n\xff' })],
    ['#0 01 status=0 cas', '#1 0c status=0 extras=00000007 key="a b\\u0000\\nÿ" value="v" cas'],
  ),
  answers('the longest key', [packet(0x0c, { key: 'k'.repeat(250) })], ['#0 0c status=1 key=250 bytes']),
  answers(
    'data type, vbucket and token of a get are ignored',
    [set('k', 'v'), packet(0x00, { key: 'k', dataType: 3, vbucket: 9, cas: 77n })],
    ['#0 01 status=0 cas', '#1 00 status=0 extras=00000007 value="v" cas'],
  ),
  answers(
    'touch and gat, hits',
    [set('k', 'v'), ...[0x1c, 0x1d, 0x1e, 0x23, 0x24].map((op) => touch(op))],
    [
      '#0 01 status=0 cas',
      '#1 1c status=0 extras=00000007 cas',
      '#2 1d status=0 extras=00000007 value="v" cas',
      '#3 1e status=0 extras=00000007 value="v" cas',
      '#4 23 status=0 extras=00000007 key="k" value="v" cas',
      '#5 24 status=0 extras=00000007 key="k" value="v" cas',
    ],
  ),
  answers(
    'touch and gat, misses',
    [0x1c, 0x1d, 0x1e, 0x23, 0x24].map((op) => touch(op)),
    ['#0 1c status=1 value="Not found"', '#1 1d status=1 value="Not found"', '#3 23 status=1 key="k"'],
  ),
  answers(
    'touch to the past',
    [set('k', 'v'), touch(0x1c, u32(LONG_AGO)), get('k')],
    ['#0 01 status=0 cas', '#1 1c status=0 extras=00000007 cas', '#2 00 status=1 value="Not found"'],
  ),
  answers(
    'gat to the past',
    [set('k', 'v'), touch(0x1d, u32(LONG_AGO)), get('k')],
    [
      '#0 01 status=0 cas',
      '#1 1d status=0 extras=00000007 value="v" cas',
      '#2 00 status=1 value="Not found"',
    ],
  ),
  answers(
    'touch reads on behind its key',
    [set('k', 'v'), packet(0x1c, { key: 'k', extras: SOON, value: noop() })],
    ['#0 01 status=0 cas', '#1 1c status=0 extras=00000007 cas', '#0 0a status=0'],
  ),
];

const STORES: readonly BinaryCase[] = [
  answers(
    'set and setq',
    [store(0x01, 'a'), store(0x11, 'b'), get('k')],
    ['#0 01 status=0 cas', '#2 00 status=0 extras=00000007 value="b" cas'],
  ),
  answers(
    'add',
    [store(0x02, 'a'), store(0x02, 'b'), store(0x12, 'c'), get('k')],
    [
      '#0 02 status=0 cas',
      '#1 02 status=2 value="Data exists for key."',
      '#2 12 status=2 value="Data exists for key."',
      '#3 00 status=0 extras=00000007 value="a" cas',
    ],
  ),
  answers('addq', [store(0x12, 'a'), get('k')], ['#1 00 status=0 extras=00000007 value="a" cas']),
  answers(
    'replace',
    [store(0x03, 'a'), store(0x13, 'b'), set('k', 'v'), store(0x03, 'c'), store(0x13, 'd'), get('k')],
    [
      '#0 03 status=1 value="Not found"',
      '#1 13 status=1 value="Not found"',
      '#2 01 status=0 cas',
      '#3 03 status=0 cas',
      '#5 00 status=0 extras=00000007 value="d" cas',
    ],
  ),
  answers(
    'append and prepend',
    [
      join(0x0e, 'a'),
      join(0x0f, 'a'),
      join(0x19, 'a'),
      join(0x1a, 'a'),
      set('k', 'v'),
      join(0x0e, 'a'),
      join(0x0f, 'p'),
      join(0x19, 'A'),
      join(0x1a, 'P'),
      get('k'),
    ],
    [
      '#0 0e status=5 value="Not stored."',
      '#1 0f status=5 value="Not stored."',
      '#2 19 status=5 value="Not stored."',
      '#3 1a status=5 value="Not stored."',
      '#4 01 status=0 cas',
      '#5 0e status=0 cas',
      '#6 0f status=0 cas',
      '#9 00 status=0 extras=00000007 value="PpvaA" cas',
    ],
  ),
  answers(
    'a token where there is no entry',
    [
      ...[0x01, 0x02, 0x03, 0x11, 0x12, 0x13].map((op) => store(op, 'v', 5n)),
      ...[0x0e, 0x0f, 0x19, 0x1a].map((op) => join(op, 'v', 5n)),
      packet(0x04, { key: 'k', cas: 5n }),
      count(0x05, 1n, 44n, FAIL_IF_MISSING, 5n),
      count(0x05, 1n, 44n, 0, 5n),
    ],
    [
      '#0 01 status=1 value="Not found"',
      '#1 02 status=1 value="Not found"',
      '#2 03 status=1 value="Not found"',
      '#3 11 status=1 value="Not found"',
      '#4 12 status=1 value="Not found"',
      '#5 13 status=1 value="Not found"',
      '#6 0e status=5 value="Not stored."',
      '#7 0f status=5 value="Not stored."',
      '#8 19 status=5 value="Not stored."',
      '#9 1a status=5 value="Not stored."',
      '#10 04 status=1 value="Not found"',
      '#11 05 status=1 value="Not found"',
      '#12 05 status=0 value="\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000," cas',
    ],
  ),
  answers(
    'the wrong token',
    [
      set('k', '1'),
      ...[0x01, 0x02, 0x03, 0x11, 0x12, 0x13].map((op) => store(op, '2', 5n)),
      ...[0x0e, 0x0f, 0x19, 0x1a].map((op) => join(op, '2', 5n)),
      ...[0x04, 0x14].map((op) => packet(op, { key: 'k', cas: 5n })),
      ...[0x05, 0x06, 0x15, 0x16].map((op) => count(op, 1n, 0n, 0, 5n)),
      get('k'),
    ],
    [
      '#0 01 status=0 cas',
      '#1 01 status=2 value="Data exists for key."',
      '#2 02 status=2 value="Data exists for key."',
      '#3 03 status=2 value="Data exists for key."',
      '#4 11 status=2 value="Data exists for key."',
      '#5 12 status=2 value="Data exists for key."',
      '#6 13 status=2 value="Data exists for key."',
      '#7 0e status=2 value="Data exists for key."',
      '#8 0f status=2 value="Data exists for key."',
      '#9 19 status=2 value="Data exists for key."',
      '#10 1a status=2 value="Data exists for key."',
      '#11 04 status=2 value="Data exists for key."',
      '#12 14 status=2 value="Data exists for key."',
      '#13 05 status=2 value="Data exists for key."',
      '#14 06 status=2 value="Data exists for key."',
      '#15 15 status=2 value="Data exists for key."',
      '#16 16 status=2 value="Data exists for key."',
      '#17 00 status=0 extras=00000007 value="1" cas',
    ],
  ),
  answers(
    'an exptime has no sign',
    [
      ...[0xffff_ffff, 0x8000_0000, LONG_AGO].flatMap((exptime) => [
        packet(0x01, { key: 'k', value: 'v', extras: u32(0, exptime) }),
        get('k'),
      ]),
    ],
    [
      '#0 01 status=0 cas',
      '#1 00 status=0 extras=00000000 value="v" cas',
      '#2 01 status=0 cas',
      '#3 00 status=0 extras=00000000 value="v" cas',
      '#4 01 status=0 cas',
      '#5 00 status=1 value="Not found"',
    ],
  ),
  answers(
    'delete',
    [
      packet(0x04, { key: 'k' }),
      packet(0x14, { key: 'k' }),
      set('k', 'v'),
      packet(0x04, { key: 'k' }),
      get('k'),
      set('k', 'v'),
      packet(0x14, { key: 'k' }),
      get('k'),
    ],
    [
      '#0 04 status=1 value="Not found"',
      '#1 14 status=1 value="Not found"',
      '#2 01 status=0 cas',
      '#3 04 status=0',
      '#4 00 status=1 value="Not found"',
      '#5 01 status=0 cas',
      '#7 00 status=1 value="Not found"',
    ],
  ),
];

const SIZES: readonly BinaryCase[] = [
  answers(
    'the largest value',
    [packet(0x01, { key: 'k', extras: u32(0, 0), value: 'v'.repeat(VALUE_LARGEST) }), get('k')],
    ['#0 01 status=0 cas', '#1 00 status=0 extras=00000000 value=1048516 bytes cas'],
  ),
  answers(
    'a value too large takes the old one away',
    [
      set('k', 'v'),
      packet(0x01, { key: 'k', extras: u32(0, 0), value: 'v'.repeat(VALUE_LARGEST + 1) }),
      get('k'),
    ],
    ['#0 01 status=0 cas', '#1 01 status=3 value="Too large."', '#2 00 status=1 value="Not found"'],
  ),
  answers(
    'so it does quietly, and with the wrong token',
    [
      set('k', 'v'),
      packet(0x11, { key: 'k', extras: u32(0, 0), value: 'v'.repeat(VALUE_LARGEST + 1), cas: 1n }),
      get('k'),
    ],
    ['#0 01 status=0 cas', '#1 11 status=3 value="Too large."', '#2 00 status=1 value="Not found"'],
  ),
  answers(
    'flags count',
    [packet(0x01, { key: 'k', extras: FLAGS_7, value: 'v'.repeat(VALUE_LARGEST - 3) }), get('k')],
    ['#0 01 status=3 value="Too large."', '#1 00 status=1 value="Not found"'],
  ),
  answers(
    'add, replace and append that are too large change nothing',
    [
      set('k', 'v'),
      ...[0x02, 0x03].map((op) =>
        packet(op, { key: 'k', extras: u32(0, 0), value: 'v'.repeat(VALUE_LARGEST + 1) }),
      ),
      packet(0x0e, { key: 'k', value: 'v'.repeat(VALUE_LARGEST + 1) }),
      get('k'),
    ],
    [
      '#0 01 status=0 cas',
      '#1 02 status=3 value="Too large."',
      '#2 03 status=3 value="Too large."',
      '#3 0e status=3 value="Too large."',
      '#4 00 status=0 extras=00000007 value="v" cas',
    ],
  ),
  answers(
    'append to more than fits',
    [set('k', 'v'.repeat(600_000)), packet(0x0e, { key: 'k', value: 'v'.repeat(600_000) }), get('k')],
    [
      '#0 01 status=0 cas',
      '#1 0e status=5 value="Not stored."',
      '#2 00 status=0 extras=00000007 value=600000 bytes cas',
    ],
  ),
];

export const BINARY_ENTRY_CASES: readonly BinaryCase[] = [...READS, ...STORES, ...SIZES];
