import { describe, expect, it } from 'vitest';
import { entryBytesMax, type LogEntry, readEntry, writeEntry } from '../../../src/journal/log-entry.ts';
import { goldenBytes, goldenBytesOf, namedSamples } from '../../support/golden.ts';
import { EFFECTS } from '../../support/golden-effects.ts';
import { GOLDEN_ENTRIES } from '../../support/golden-entries.ts';

const recorded = goldenBytesOf(['0.1.0', '0.3.0'], 'log-entries.json');
const samples = namedSamples<LogEntry>(GOLDEN_ENTRIES);

function bytesOf(entry: LogEntry): Buffer {
  const bytes = Buffer.alloc(entryBytesMax(entry));
  return bytes.subarray(0, writeEntry(entry, bytes, 0));
}

describe('entries of the log, as releases wrote them', () => {
  it('are recorded for every sample', () => {
    expect([...recorded.keys()].sort()).toEqual([...samples.keys()].sort());
  });

  it.each([...recorded])('%s is read, and written in the same bytes', (name, bytes) => {
    const sample = samples.get(name)!;
    expect(readEntry(bytes)).toEqual(sample);
    expect(bytesOf(sample).toString('hex')).toBe(bytes.toString('hex'));
  });

  it('regression: a conditional delete carried the flags and the expiry of the entry', () => {
    const bytes = goldenBytes('0.1.0', 'conditional-delete.json').get('log entry')!;
    expect(readEntry(bytes)).toEqual({ type: 'write', effect: EFFECTS.delete });
  });
});
