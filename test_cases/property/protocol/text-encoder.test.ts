import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COPY_BYTES_MAX, ReplyBuffer } from '../../../src/protocol/reply-buffer.ts';
import { SlabPool } from '../../../src/protocol/slab-pool.ts';
import { encodeText } from '../../../src/protocol/text-encoder.ts';
import { type ParsedValue, parseValues } from '../../support/parse-values.ts';

const hit = fc.record({
  key: fc.constantFrom('k', 'key', '\xff\x80', 'k'.repeat(250)),
  flags: fc.nat({ max: 2 ** 32 - 1 }),
  value: fc
    .tuple(fc.uint8Array({ maxLength: 20 }), fc.constantFrom(1, 10, COPY_BYTES_MAX))
    .map(([bytes, times]) => Buffer.concat(Array(times).fill(bytes))),
  cas: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});

/** The value with a string, which compares faster than a buffer. */
const readable = (value: ParsedValue) => ({ ...value, value: value.value.toString('latin1') });

describe('encodeText', () => {
  it('writes hits that a client reads back', () => {
    fc.assert(
      fc.property(fc.array(hit), fc.boolean(), (hits, withCas) => {
        const out = new ReplyBuffer(new SlabPool());
        const request = { kind: 'get', keys: hits.map(({ key }) => key), withCas } as const;
        encodeText(request, { kind: 'hits', hits }, out);
        const { byteLength } = out;
        const bytes = Buffer.concat(out.take());
        expect(bytes.length).toBe(byteLength);
        const sent = withCas ? hits : hits.map((one) => ({ ...one, cas: 0n }));
        expect(parseValues(bytes).map(readable)).toEqual(sent.map(readable));
      }),
      { numRuns: 300 },
    );
  });
});

describe('ReplyBuffer', () => {
  type Step = { readonly buffer: number; readonly do: 'text' | 'bytes' | 'take'; readonly length: number };
  const step: fc.Arbitrary<Step> = fc.record({
    buffer: fc.nat({ max: 2 }),
    do: fc.constantFrom('text', 'text', 'bytes', 'take'),
    length: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 3 * COPY_BYTES_MAX }), fc.nat({ max: 40_000 })),
  });

  it('keeps the bytes of connections that share memory separate and in order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const buffers = [
          new ReplyBuffer(new SlabPool()),
          new ReplyBuffer(new SlabPool()),
          new ReplyBuffer(new SlabPool()),
        ];
        const expected = buffers.map(() => '');
        const taken: Buffer[][] = buffers.map(() => []);
        for (const [at, { buffer, length, ...one }] of steps.entries()) {
          const content = String.fromCharCode(33 + (at % 200)).repeat(length);
          if (one.do === 'take') taken[buffer]!.push(...buffers[buffer]!.take());
          else expected[buffer] += content;
          if (one.do === 'text') buffers[buffer]!.text(content);
          if (one.do === 'bytes') buffers[buffer]!.bytes(Buffer.from(content, 'latin1'));
        }
        for (const [at, buffer] of buffers.entries()) taken[at]!.push(...buffer.take());
        expect(taken.map((parts) => Buffer.concat(parts).toString('latin1'))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
