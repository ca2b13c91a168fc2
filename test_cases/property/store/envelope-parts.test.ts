import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IDS_END } from '../../../src/base/number-kinds.ts';
import { sameVersion, type Version } from '../../../src/ordering/version.ts';
import type { Entry, EntryPart } from '../../../src/store/entry.ts';
import { decodeEntry, encodeEntry } from '../../../src/store/envelope.ts';
import { encodePart, endMarkOf } from '../../../src/store/envelope-parts.ts';

const MAGIC = Buffer.from([0xc5, 0x6d, 0x70]);

const versions: fc.Arbitrary<Version> = fc.record({
  time: fc.maxSafeNat(),
  node: fc.nat({ max: IDS_END - 1 }),
});

/** Bytes of a client, some of which look like the end of a part, or like a whole one. */
const bytes: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.uint8Array({ maxLength: 60 }),
    fc.oneof(
      fc.constantFrom(Buffer.alloc(0), MAGIC, Buffer.concat([Buffer.alloc(21), MAGIC])),
      versions.map((version) => endMarkOf(version)),
    ),
  )
  .map(([some, end]) => Buffer.concat([some, end]));

const entries: fc.Arbitrary<Entry> = fc.record({
  version: versions,
  flags: fc.nat({ max: 2 ** 32 - 1 }),
  expiresAtMs: fc.nat({ max: 2 ** 47 }),
  token: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  marks: fc.nat({ max: 7 }),
  value: bytes,
});

const additions = fc.uniqueArray(
  fc.record({ version: versions, side: fc.constantFrom('end', 'beginning'), bytes }),
  { minLength: 1, maxLength: 8, selector: ({ version: { time, node } }) => `${time}/${node}` },
);

/** Each part is added to the version before it. */
function partsOn(entry: Entry, added: readonly Omit<EntryPart, 'base'>[]): EntryPart[] {
  return added.map((part, index) => ({ ...part, base: added[index - 1]?.version ?? entry.version }));
}

function withParts(entry: Entry, parts: readonly EntryPart[]): Entry {
  let { value } = entry;
  for (const { side, bytes: more } of parts)
    value = Buffer.concat(side === 'end' ? [value, more] : [more, value]);
  return { ...entry, version: parts.at(-1)!.version, token: null, marks: 0, value };
}

describe('parts of an entry', () => {
  it('are read as one value, whatever the bytes are', () => {
    fc.assert(
      fc.property(entries, additions, (entry, added) => {
        fc.pre(!added.some(({ version }) => sameVersion(version, entry.version)));
        const parts = partsOn(entry, added);
        const stored = Buffer.concat([encodeEntry(entry), ...parts.map(encodePart)]);
        expect(decodeEntry(stored)).toEqual(withParts(entry, parts));
      }),
    );
  });

  it('are no entry when one is missing, is there twice, or was added to another version', () => {
    fc.assert(
      fc.property(entries, additions, fc.nat(), fc.constantFrom(0, 2), (entry, added, which, times) => {
        fc.pre(!added.some(({ version }) => sameVersion(version, entry.version)));
        const parts = partsOn(entry, added);
        const index = which % parts.length;
        fc.pre(times > 0 || index < parts.length - 1);
        const wrong = parts.flatMap((part, at) => (at === index ? new Array(times).fill(part) : [part]));
        const stored = Buffer.concat([encodeEntry(entry), ...wrong.map(encodePart)]);
        expect(decodeEntry(stored)).toBeNull();
      }),
    );
  });

  it('are never taken for more than there is, whatever the bytes are', () => {
    fc.assert(
      fc.property(entries, fc.array(bytes, { maxLength: 4 }), (entry, more) => {
        const stored = Buffer.concat([encodeEntry(entry), ...more]);
        const read = decodeEntry(stored);
        if (read !== null) expect(read.value.length).toBeLessThanOrEqual(stored.length);
      }),
    );
  });

  it('are not seen in a value that only looks like an entry with parts', () => {
    fc.assert(
      fc.property(entries, versions, (entry, version) => {
        const part = { base: entry.version, version, side: 'end', bytes: Buffer.from('x') } as const;
        const value = Buffer.concat([entry.value, encodePart(part)]);
        expect(decodeEntry(encodeEntry({ ...entry, value }))).toEqual({ ...entry, value });
      }),
    );
  });
});
