import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseI32, parseU32, parseU64 } from '../../../src/protocol/numbers.ts';
import { numberWord } from '../../support/text-arbitrary.ts';
import { signed, unsigned } from '../../support/twin-decoder.ts';

it('numbers are read from words as C reads them', () => {
  fc.assert(
    fc.property(numberWord, (word) => {
      const bytes = Buffer.from(`9${word}9`, 'latin1');
      const end = bytes.length - 1;
      const wide = unsigned(word);
      expect(parseU64(bytes, 1, end)).toBe(wide);
      expect(parseU32(bytes, 1, end)).toBe(wide === null ? null : Number(wide % 2n ** 32n));
      expect(parseI32(bytes, 1, end)).toBe(signed(word));
    }),
    { numRuns: 20_000 },
  );
});
