import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { NODE_DISK } from '../../../src/journal/disk.ts';
import { BATCH_HEADER_BYTES, matchesHeader, readBatchHeader } from '../../../src/journal/log-batch.ts';
import { entryBytesMax, type LogEntry, writeEntry } from '../../../src/journal/log-entry.ts';
import { WriteBatch } from '../../../src/journal/write-batch.ts';
import { DiskJournals, kept, readValue } from '../../support/disk-journals.ts';
import { EFFECTS } from '../../support/golden-effects.ts';

const LARGE = 20_000;

const journals = new DiskJournals();
afterEach(() => journals.clean());

const batchWith = (entries: readonly LogEntry[]): WriteBatch => {
  const batch = new WriteBatch(1, 1, 0, Buffer.alloc(64));
  for (const entry of entries) batch.append(entry);
  return batch;
};

const setOf = (value: Buffer): LogEntry => ({ type: 'stage', effect: { ...EFFECTS.set, value } });
const joinOf = (part: Buffer): LogEntry => ({ type: 'write', effect: { ...EFFECTS.append, part } });

/** The bytes of an entry, written in one piece. */
const inOnePiece = (entry: LogEntry): Buffer => {
  const bytes = Buffer.alloc(entryBytesMax(entry));
  return bytes.subarray(0, writeEntry(entry, bytes, 0));
};

describe('a batch with large values', () => {
  const bytes = fc.oneof(
    fc.integer({ min: 0, max: 300 }).map((length) => Buffer.alloc(length, 'small')),
    fc.integer({ min: LARGE, max: 2 * LARGE }).map((length) => Buffer.alloc(length, 'large')),
  );
  const entry: fc.Arbitrary<LogEntry> = fc.oneof(
    bytes.map(setOf),
    bytes.map(joinOf),
    fc.constant<LogEntry>({ type: 'discard', version: { time: 1, node: 0 } }),
  );

  it('has the same bytes as one that has copied them', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
        const batch = batchWith(entries);
        const length = batch.length;
        batch.seal({ directoryId: 7, file: 1, sequence: 1, flushed: 0 });
        const whole = Buffer.concat(batch.parts);
        const written = whole.subarray(BATCH_HEADER_BYTES);
        expect(whole.length).toBe(length);
        expect(written.equals(Buffer.concat(entries.map(inOnePiece)))).toBe(true);
        const header = readBatchHeader(whole, 0)!;
        expect(header.length).toBe(written.length);
        expect(matchesHeader(header, written)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('does not copy them, but for those that are a small part of their memory', () => {
    const own = Buffer.alloc(LARGE);
    const part = Buffer.alloc(100 * LARGE).subarray(LARGE, 2 * LARGE);
    const batch = batchWith([setOf(own), setOf(part)]);
    batch.seal({ directoryId: 7, file: 1, sequence: 1, flushed: 0 });
    const memories = batch.parts.map((piece) => piece.buffer);
    expect(memories).toContain(own.buffer);
    expect(memories).not.toContain(part.buffer);
  });

  it('is on disk, and is read again', async () => {
    const dataDir = journals.dataDir();
    const opened = await journals.open(dataDir);
    const values = Array.from({ length: 40 }, (_, i) => Buffer.alloc(LARGE + i, `value ${i}`));
    const effectOf = (value: Buffer, i: number) => {
      return { ...EFFECTS.set, key: `k${i}`, version: { time: 1 + i, node: 0 }, value };
    };
    for (const effect of values.map(effectOf)) opened.journal.record(effect);
    expect(await kept(opened.journal)).toBeNull();
    await journals.close(opened);
    const again = await journals.open(dataDir);
    for (const [i, value] of values.entries()) {
      const found = await readValue(again.journal, `k${i}`, { time: 1 + i, node: 0 });
      expect(found?.value?.equals(value)).toBe(true);
    }
  });
});

it('a file takes more parts than the system takes at once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'memchorus-parts-'));
  try {
    const file = await NODE_DISK.open(join(directory, 'file'), 'create');
    const parts = Array.from({ length: 3_000 }, (_, i) => Buffer.from(`${i},`));
    await file.write(Buffer.from('head'), 0);
    await file.writeParts(parts, 4);
    await file.close();
    expect(readFileSync(join(directory, 'file'), 'latin1')).toBe(`head${parts.join('')}`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
