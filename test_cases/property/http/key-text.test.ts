import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyOfSegment, keyOfText, keyOfUnicode, routedUrl, textOfKey } from '../../../src/http/key-text.ts';

const BYTES_MAX = 250;
const key = fc
  .uint8Array({ minLength: 1, maxLength: BYTES_MAX })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

/** Every byte as a `%` with digits, or as it is where that is possible, at will. */
const written = fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.boolean(), fc.boolean()), {
  minLength: 1,
  maxLength: 60,
});

it('any bytes come back from the text of a key', () => {
  fc.assert(
    fc.property(key, (one) => {
      const text = textOfKey(one);
      expect(text).toMatch(/^[\x21-\x7e]+$/);
      expect(text).not.toMatch(/[/?#"<>\\^`{|}]/);
      expect(keyOfText(text)).toBe(one);
      expect(keyOfUnicode(text)).toBe(one);
      expect(decodeURIComponent(text.replace(/%[89A-F]./g, 'x')).length).toBe(one.length);
    }),
    { numRuns: 500 },
  );
});

it('a byte may be escaped that need not be, in letters of either case', () => {
  fc.assert(
    fc.property(written, (bytes) => {
      const text = bytes
        .map(([byte, isEscaped, isUpper]) => {
          const own = textOfKey(String.fromCharCode(byte));
          const digits = byte.toString(16).padStart(2, '0');
          return isEscaped ? `%${isUpper ? digits.toUpperCase() : digits}` : own;
        })
        .join('');
      expect(keyOfText(text)).toBe(String.fromCharCode(...bytes.map(([byte]) => byte)));
    }),
  );
});

it('the routed URL keeps the key and all that follows it', () => {
  const rest = fc.constantFrom('', '/increment', '?by=5', '/increment?by=%20', '#x');
  fc.assert(
    fc.property(key, rest, (one, more) => {
      const url = routedUrl(`/v1/keys/${textOfKey(one)}${more}`);
      const [, segment, end] = /^\/v1\/keys\/([A-Za-z0-9_-]+)(.*)$/.exec(url)!;
      expect(keyOfSegment(segment!)).toBe(one);
      expect(end).toBe(more);
    }),
  );
});

it('text that is no key is left to the router, which refuses it', () => {
  for (const url of ['/v1/keys/%', '/v1/keys/a%2', '/v1/keys/%zz/touch', '/v1/keys/', '/v1/keys', '/healthz'])
    expect(routedUrl(url)).toBe(url);
});

it('other characters of JSON stand for their bytes in UTF-8', () => {
  expect(keyOfUnicode('ä/%C3%A4')).toBe('\xc3\xa4/\xc3\xa4');
});
