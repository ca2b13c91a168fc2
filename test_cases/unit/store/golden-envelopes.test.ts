import { describe, expect, it } from 'vitest';
import { decodeEntry, encodeEntry } from '../../../src/store/envelope.ts';
import { goldenBytes } from '../../support/golden.ts';
import { GOLDEN_STORED } from '../../support/golden-stored.ts';

const recorded = goldenBytes('0.1.0', 'envelopes.json');

describe('entries in a store, as release 0.1.0 wrote them', () => {
  it('are recorded for every sample', () => {
    expect([...recorded.keys()]).toEqual(Object.keys(GOLDEN_STORED));
  });

  it.each([...recorded])('%s is read, and written in the same bytes', (name, bytes) => {
    const sample = GOLDEN_STORED[name]!;
    expect(decodeEntry(bytes)).toEqual(sample);
    expect(encodeEntry(sample).toString('hex')).toBe(bytes.toString('hex'));
  });
});
