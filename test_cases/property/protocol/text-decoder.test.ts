import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINE_BYTES_MAX } from '../../../src/protocol/limits.ts';
import { TextProtocolDecoder } from '../../../src/protocol/text-decoder.ts';
import { cut, cutEach, decodeLent, decodePieces, drain } from '../../support/decode.ts';
import { SMALL_ITEM_BYTES_MAX, textStream } from '../../support/text-arbitrary.ts';
import { decodeWhole } from '../../support/twin-decoder.ts';

const places = fc.array(fc.nat({ max: 5000 }), { maxLength: 12 });
const runs = { numRuns: 2500 };

describe('TextProtocolDecoder', () => {
  it('agrees with its twin, however the input is cut', () => {
    fc.assert(
      fc.property(textStream, places, (input, at) => {
        const bytes = Buffer.from(input, 'latin1');
        const expected = decodeWhole(input, SMALL_ITEM_BYTES_MAX);
        expect(decodePieces([bytes], SMALL_ITEM_BYTES_MAX)).toEqual(expected);
        expect(decodePieces(cut(bytes, at), SMALL_ITEM_BYTES_MAX)).toEqual(expected);
        expect(decodePieces(cutEach(bytes, 1), SMALL_ITEM_BYTES_MAX)).toEqual(expected);
      }),
      runs,
    );
  });

  it('yields the same when it is read only after all bytes were pushed', () => {
    fc.assert(
      fc.property(textStream, places, (input, at) => {
        const decoder = new TextProtocolDecoder({ itemBytesMax: SMALL_ITEM_BYTES_MAX });
        for (const piece of cut(Buffer.from(input, 'latin1'), at)) decoder.push(piece);
        expect(drain(decoder)).toEqual(decodeWhole(input, SMALL_ITEM_BYTES_MAX));
      }),
      runs,
    );
  });

  it('yields the same of bytes that are overwritten once it had its turn', () => {
    fc.assert(
      fc.property(textStream, places, fc.nat({ max: 3 }), (input, at, most) => {
        const decoder = new TextProtocolDecoder({ itemBytesMax: SMALL_ITEM_BYTES_MAX });
        const pieces = cut(Buffer.from(input, 'latin1'), at);
        expect(decodeLent(decoder, pieces, most)).toEqual(decodeWhole(input, SMALL_ITEM_BYTES_MAX));
      }),
      runs,
    );
  });

  it('takes any bytes, and never buffers more than a line or an item', () => {
    const garbage = fc.array(fc.uint8Array({ maxLength: 3000, size: 'max' }), { maxLength: 60 });
    fc.assert(
      fc.property(garbage, textStream, (chunks, prefix) => {
        const decoder = new TextProtocolDecoder({ itemBytesMax: SMALL_ITEM_BYTES_MAX });
        for (const chunk of [Buffer.from(`${prefix}get `, 'latin1'), ...chunks]) {
          decoder.push(Buffer.from(chunk));
          drain(decoder);
          expect(decoder.bufferedBytes).toBeLessThanOrEqual(LINE_BYTES_MAX);
        }
      }),
      { numRuns: 200 },
    );
  });
});
