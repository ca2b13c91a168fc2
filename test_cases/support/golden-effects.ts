import type { Effect } from '../../src/ordering/effect.ts';

/** The effects whose bytes are recorded in `test_cases/golden`: typical ones, and extremes of each field. */

const LARGEST = Number.MAX_SAFE_INTEGER;
const NOW = 362_387_865_600_001;

const version = (time: number, node = 0) => ({ time, node });

const SET = {
  kind: 'set',
  condition: null,
  flags: 0,
  expiresAtMs: 0,
  token: null,
  marks: 0,
  value: null,
} as const;
const MOMENT_MS = 1_800_000_000_000;

export const EFFECTS = {
  set: {
    ...SET,
    version: version(NOW, 2),
    key: 'user:1',
    flags: 32,
    expiresAtMs: MOMENT_MS,
    value: Buffer.from('Ada Lovelace'),
  },
  conditionalSet: {
    ...SET,
    version: version(LARGEST, 255),
    key: `\x00\xff${'k'.repeat(248)}`,
    condition: version(2 ** 32, 254),
    flags: 2 ** 32 - 1,
    expiresAtMs: 2 ** 48 - 1,
    token: 2n ** 64n - 1n,
    marks: 3,
    value: Buffer.alloc(0),
  },
  setWithoutValue: { ...SET, version: version(1), key: 'k', marks: 1 },
  delete: { kind: 'delete', version: version(NOW + 1, 1), key: 'user:1', condition: version(NOW, 2) },
  deleteOfNothing: { kind: 'delete', version: version(NOW + 2, 1), key: 'x', condition: version(0, 0) },
  append: {
    kind: 'join',
    version: version(NOW + 6, 1),
    key: 'user:1',
    condition: version(NOW, 2),
    expiresAtMs: MOMENT_MS,
    side: 'end',
    part: Buffer.from(', Countess'),
    valueBytes: 22,
    chain: { count: 1, bytes: 106 },
  },
  prepend: {
    kind: 'join',
    version: version(LARGEST, 255),
    key: '\xff',
    condition: version(2 ** 32, 254),
    expiresAtMs: 2 ** 48 - 1,
    side: 'beginning',
    part: Buffer.alloc(0),
    valueBytes: 2 ** 32 - 1,
    chain: { count: 2 ** 32 - 1, bytes: 2 ** 32 - 1 },
  },
  flush: { kind: 'flush', version: version(NOW + 3) },
  flushLater: { kind: 'flush-later', version: version(NOW + 4), atMs: MOMENT_MS },
  flushDue: { kind: 'flush-due', version: version(NOW + 5), atMs: MOMENT_MS },
} as const satisfies Record<string, Effect>;
