import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IDS_END } from '../../../src/base/number-kinds.ts';
import type { Entry } from '../../../src/store/entry.ts';
import { decodeEntry, ENVELOPE_BYTES, ENVELOPE_BYTES_MAX, encodeEntry } from '../../../src/store/envelope.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

const entries: fc.Arbitrary<Entry> = fc.record({
  version: fc.record({ time: fc.maxSafeNat(), node: fc.nat({ max: IDS_END - 1 }) }),
  flags: fc.nat({ max: 2 ** 32 - 1 }),
  expiresAtMs: fc.maxSafeNat().map((number) => number % 2 ** 48),
  token: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  marks: fc.nat({ max: 7 }),
  value: bytes,
});

describe('the envelope', () => {
  it('gives back the entry that it was made from', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const encoded = encodeEntry(entry);
        const envelope = entry.token === null ? ENVELOPE_BYTES : ENVELOPE_BYTES_MAX;
        expect(encoded.length).toBe(envelope + entry.value.length);
        expect(decodeEntry(encoded)).toEqual(entry);
      }),
    );
  });

  it('has room for the largest entry', () => {
    const entry: Entry = {
      version: { time: Number.MAX_SAFE_INTEGER, node: 255 },
      flags: 2 ** 32 - 1,
      expiresAtMs: 2 ** 48 - 1,
      token: 2n ** 64n - 1n,
      marks: 7,
      value: Buffer.alloc(0),
    };
    expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
  });

  it('is read without a copy of the value', () => {
    const encoded = encodeEntry({
      version: { time: 1, node: 0 },
      flags: 0,
      expiresAtMs: 0,
      token: null,
      marks: 0,
      value: Buffer.from('x'),
    });
    expect(decodeEntry(encoded)?.value.buffer).toBe(encoded.buffer);
  });

  it('is refused when it is cut off in the header or begins with other bytes', () => {
    fc.assert(
      fc.property(entries, fc.nat({ max: ENVELOPE_BYTES - 1 }), (entry, length) => {
        expect(decodeEntry(encodeEntry(entry).subarray(0, length))).toBeNull();
      }),
    );
    const encoded = encodeEntry({
      version: { time: 1, node: 0 },
      flags: 0,
      expiresAtMs: 0,
      token: null,
      marks: 0,
      value: Buffer.from('x'),
    });
    for (const at of [0, 1, 2]) {
      const other = Buffer.from(encoded);
      other[at] = 0xff;
      expect(decodeEntry(other)).toBeNull();
    }
  });

  it('yields an entry or null for any bytes, and never throws', () => {
    fc.assert(
      fc.property(bytes, (any) => {
        const entry = decodeEntry(any);
        if (entry !== null) expect(encodeEntry(entry)).toEqual(any);
      }),
    );
  });
});
