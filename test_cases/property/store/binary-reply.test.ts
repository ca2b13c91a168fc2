import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BinaryReplyReader, type ReplySink } from '../../../src/store/binary-reply.ts';
import { LargeValues } from '../../../src/store/large-values.ts';
import { OPCODES, response } from '../../support/fake-memcached.ts';

const REQUEST = { opcode: OPCODES.get, extras: Buffer.alloc(0), key: Buffer.alloc(0), connection: 0 };

interface Found {
  readonly opaque: number;
  readonly status: number;
  readonly value: string;
}

const replies: fc.Arbitrary<Found[]> = fc.array(
  fc.record({
    opaque: fc.nat({ max: 2 ** 32 - 1 }),
    status: fc.constantFrom(0, 1, 0x82),
    value: fc.oneof(
      fc.string({ unit: 'binary-ascii' }),
      fc.nat({ max: 70_000 }).map((n) => 'v'.repeat(n)),
    ),
  }),
  { maxLength: 20 },
);

function bytesOf(found: readonly Found[]): Buffer {
  return Buffer.concat(
    found.map(({ opaque, status, value }) =>
      response({ ...REQUEST, opaque, value: Buffer.alloc(0) }, { status, value }),
    ),
  );
}

/** Passes all pieces in the same memory, as a socket does, and overwrites it after each. */
function readInPieces(stream: Buffer, sizes: readonly number[], take = Number.POSITIVE_INFINITY): Found[] {
  const found: Found[] = [];
  const bodies: Buffer[] = [];
  const sink: ReplySink = {
    onHeader: (header) => header.magic === 0x81,
    onReply: ({ opaque, status, extrasBytes }, body) => {
      found.push({ opaque, status, value: '' });
      bodies.push(body.subarray(extrasBytes));
      return found.length < take;
    },
  };
  const reader = new BinaryReplyReader(sink, new LargeValues(0));
  const memory = Buffer.alloc(65_536);
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const length = stream.copy(memory, 0, at, at + sizes[turn % sizes.length]!);
    reader.read(memory, length);
    memory.fill(0xee);
    at += length;
  }
  return found.map((reply, index) => ({ ...reply, value: bodies[index]!.toString('latin1') }));
}

const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 65_536 })), {
  minLength: 1,
  maxLength: 10,
});

it('finds the same replies however the stream is cut, and copies them', () => {
  fc.assert(
    fc.property(replies, cuts, (expected, sizes) => {
      expect(readInPieces(bytesOf(expected), sizes)).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

it('reads nothing after the reply at which it was told to end', () => {
  fc.assert(
    fc.property(replies, cuts, fc.integer({ min: 1, max: 5 }), (expected, sizes, take) => {
      expect(readInPieces(bytesOf(expected), sizes, take)).toEqual(expected.slice(0, take));
    }),
    { numRuns: 100 },
  );
});

it('reports a first byte that begins no reply before any byte follows', () => {
  const magics: number[] = [];
  const sink: ReplySink = {
    onHeader: ({ magic }) => {
      magics.push(magic);
      return magic === 0x81;
    },
    onReply: () => true,
  };
  const reader = new BinaryReplyReader(sink, new LargeValues(0));
  reader.read(bytesOf([{ opaque: 1, status: 0, value: 'x' }]), 29);
  reader.read(Buffer.from('E'), 1);
  reader.read(bytesOf([{ opaque: 2, status: 0, value: 'x' }]), 29);
  expect(magics).toEqual([0x81, 0x45]);
});
