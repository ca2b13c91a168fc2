import { describe, expect, it } from 'vitest';
import { ITEM_BYTES_DEFAULT } from '../../../src/protocol/limits.ts';
import { ReplyBuffer } from '../../../src/protocol/reply-buffer.ts';
import { SlabPool } from '../../../src/protocol/slab-pool.ts';
import { encodeInvalid, encodeText } from '../../../src/protocol/text-encoder.ts';
import { cutEach, decodePieces } from '../../support/decode.ts';
import { PROTOCOL_CASES } from '../../support/protocol-cases.ts';
import { ToyStore } from '../../support/toy-store.ts';

/** The answers of decoder, toy store and encoder together, and whether the connection ends. */
function converse(pieces: readonly Buffer[]): { output: string; closes: boolean } {
  const store = new ToyStore();
  const out = new ReplyBuffer(new SlabPool());
  let closes = false;
  for (const request of decodePieces(pieces, ITEM_BYTES_DEFAULT)) {
    if (request.kind === 'quit') closes = true;
    else if (request.kind !== 'invalid') encodeText(request, store.answer(request), out);
    else {
      encodeInvalid(request, out);
      closes = request.fatal;
    }
  }
  return { output: Buffer.concat(out.take()).toString('latin1'), closes };
}

const named = PROTOCOL_CASES.map((one) => ({
  ...one,
  name: JSON.stringify(
    one.input.length > 60 ? `${one.input.slice(0, 40)}… ${one.input.length} bytes` : one.input,
  ),
}));

describe('the answers of memcached 1.6.18', () => {
  it.each(named)('$name', ({ input, output, closes }) => {
    const bytes = Buffer.from(input, 'latin1');
    expect(converse([bytes])).toEqual({ output, closes });
    expect(converse(cutEach(bytes, 7)), 'in pieces of 7').toEqual({ output, closes });
  });
});
