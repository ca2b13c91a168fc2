import { expect, it } from 'vitest';
import { UNSTORED_BYTES_MAX, UnstoredValues } from '../../../src/replication/unstored-values.ts';
import type { Entry } from '../../../src/store/entry.ts';

const version = { time: 1, node: 1 };

const entryOf = (value: Buffer): Entry => ({
  version,
  flags: 0,
  expiresAtMs: 0,
  token: null,
  marks: 0,
  value,
});

it('gives the value of that very version, until the value is dropped', () => {
  const values = new UnstoredValues();
  const value = Buffer.from('value');
  values.keep('k', entryOf(value));
  // The caller may use the memory again.
  value.fill(0);
  expect(values.get('k', version)?.value.toString()).toBe('value');
  expect(values.get('k', { time: 2, node: 1 })).toBe(null);
  expect(values.get('other', version)).toBe(null);
  values.drop('k');
  expect(values.get('k', version)).toBe(null);
});

it('lets go of the values that were kept first once memory runs out', () => {
  const values = new UnstoredValues();
  const quarter = entryOf(Buffer.alloc(UNSTORED_BYTES_MAX / 4));
  for (const key of ['a', 'b', 'c']) values.keep(key, quarter);
  values.keep('a', quarter);
  expect(values.get('b', version)).not.toBe(null);
  values.keep('d', quarter);
  expect(['a', 'b', 'c', 'd'].filter((key) => values.get(key, version) !== null)).toEqual(['a', 'c', 'd']);
  values.drop('a');
  values.keep('e', quarter);
  expect(['a', 'c', 'd', 'e'].filter((key) => values.get(key, version) !== null)).toEqual(['c', 'd', 'e']);
});
