import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32Combine } from '../../../src/journal/crc32-combine.ts';

it('the checksum of two pieces is that of the bytes of both', () => {
  const piece = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(piece, piece, (first, second) => {
      const whole = crc32(Buffer.concat([first, second]));
      expect(crc32Combine(crc32(first), crc32(second), second.length)).toBe(whole);
    }),
  );
});

it.each([0, 1, 100_000, 2 ** 20 + 1])('a second piece of %i bytes', (length) => {
  const [first, second] = [Buffer.from('head'), Buffer.alloc(length, 'value')];
  expect(crc32Combine(crc32(first), crc32(second), length)).toBe(crc32(Buffer.concat([first, second])));
});
