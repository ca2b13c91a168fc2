import { describe, expect, it } from 'vitest';
import { ITEM_BYTES_DEFAULT } from '../../../../src/protocol/limits.ts';
import { ReplyBuffer } from '../../../../src/protocol/reply-buffer.ts';
import { SlabPool } from '../../../../src/protocol/slab-pool.ts';
import { encodeText } from '../../../../src/protocol/text-encoder.ts';
import { DecidedStore } from '../../../support/decided-store.ts';
import { cutEach, decodePieces } from '../../../support/decode.ts';
import { META_CASES, withoutTokens } from '../../../support/meta-cases.ts';
import { LEVEL_CASES, NEWER_CASES } from '../../../support/meta-entry-cases.ts';

/** Decoder, decisions and encoder together. */
function converse(pieces: readonly Buffer[]): string {
  const store = new DecidedStore();
  const out = new ReplyBuffer(new SlabPool());
  for (const request of decodePieces(pieces, ITEM_BYTES_DEFAULT)) {
    encodeText(request, request.kind === 'invalid' ? { kind: 'line', line: '' } : store.answer(request), out);
  }
  return withoutTokens(Buffer.concat(out.take()).toString('latin1'));
}

const named = (cases: typeof META_CASES) =>
  cases.map((one) => ({ ...one, name: JSON.stringify(one.input.slice(0, 60)) }));

describe('meta commands are answered as by memcached 1.6.18', () => {
  it.each(named(META_CASES))('$name', ({ input, output }) => {
    const bytes = Buffer.from(input, 'latin1');
    expect(converse([bytes])).toBe(output);
    expect(converse(cutEach(bytes, 7)), 'in pieces of 7').toBe(output);
  });
});

describe('flags that later versions of memcached have added', () => {
  it.each(named(NEWER_CASES))('$name', ({ input, output }) => {
    expect(converse([Buffer.from(input, 'latin1')])).toBe(output);
  });
});

describe('the level that a read asks for', () => {
  it.each(named(LEVEL_CASES))('$name', ({ input, output }) => {
    const bytes = Buffer.from(input, 'latin1');
    expect(converse([bytes])).toBe(output);
    expect(converse(cutEach(bytes, 7)), 'in pieces of 7').toBe(output);
  });
});
