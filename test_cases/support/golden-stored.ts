import type { Entry } from '../../src/store/entry.ts';

/** The entries of a store whose bytes are recorded in `test_cases/golden`. */
export const GOLDEN_STORED: Readonly<Record<string, Entry>> = {
  typical: {
    version: { time: 362_387_865_600_001, node: 2 },
    flags: 32,
    expiresAtMs: 1_800_000_000_000,
    token: null,
    marks: 0,
    value: Buffer.from('Ada Lovelace'),
  },
  empty: {
    version: { time: 1, node: 0 },
    flags: 0,
    expiresAtMs: 0,
    token: null,
    marks: 1,
    value: Buffer.alloc(0),
  },
  extreme: {
    version: { time: Number.MAX_SAFE_INTEGER, node: 255 },
    flags: 2 ** 32 - 1,
    expiresAtMs: 2 ** 48 - 1,
    token: 2n ** 64n - 1n,
    marks: 3,
    value: Buffer.from('\x00\xff', 'latin1'),
  },
};
