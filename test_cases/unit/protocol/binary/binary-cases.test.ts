import { describe, expect, it } from 'vitest';
import { ITEM_BYTES_DEFAULT } from '../../../../src/protocol/limits.ts';
import { BINARY_CASES } from '../../../support/binary-cases.ts';
import { converseInProcess } from '../../../support/binary-codec.ts';
import { cutEach } from '../../../support/decode.ts';

describe('the answers of memcached 1.6.18 over its binary protocol', () => {
  it.each(BINARY_CASES)('$name', ({ input, output, closes }) => {
    expect(converseInProcess([input], ITEM_BYTES_DEFAULT)).toEqual({ output, closes });
    const pieces = cutEach(input, input.length > 10_000 ? 1000 : 1);
    expect(converseInProcess(pieces, ITEM_BYTES_DEFAULT), 'in pieces').toEqual({ output, closes });
  });
});
