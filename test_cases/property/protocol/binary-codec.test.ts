import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BinaryCodec } from '../../../src/protocol/binary/binary-codec.ts';
import { BINARY_COMMANDS } from '../../../src/protocol/binary/binary-commands.ts';
import { PREAMBLE_BYTES_MAX } from '../../../src/protocol/binary/wire-format.ts';
import { ReplyBuffer } from '../../../src/protocol/reply-buffer.ts';
import { SlabPool } from '../../../src/protocol/slab-pool.ts';
import { BINARY_CASES } from '../../support/binary-cases.ts';
import { converseInProcess, decodeBinary, drainBinary } from '../../support/binary-codec.ts';
import { numbered, packet, readPackets } from '../../support/binary-packets.ts';
import { DecidingStore } from '../../support/deciding-store.ts';
import { cut, cutEach, decodeLent } from '../../support/decode.ts';
import { HANGS_AFTER_MS } from '../../support/hang.ts';

const ITEM_BYTES_MAX = 500;
const places = fc.array(fc.nat({ max: 5000 }), { maxLength: 12 });

const opcode = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...BINARY_COMMANDS.map((command) => command.opcode)) },
  { weight: 1, arbitrary: fc.nat({ max: 255 }) },
);
const extras = fc
  .constantFrom(0, 4, 8, 20)
  .chain((bytes) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((array) => Buffer.from(array)));

/** Packets, many of which are broken in some way. */
const anyPacket = fc
  .record(
    {
      opcode,
      key: fc.constantFrom('', 'a', 'b', 'k'.repeat(250), 'k'.repeat(251)),
      extras,
      value: fc.constantFrom('', '1', '18446744073709551615', 'v'.repeat(600)),
      cas: fc.constantFrom(0n, 0n, 256n, 2n ** 64n - 1n),
      bodyBytes: fc.nat({ max: 700 }),
    },
    { requiredKeys: ['opcode', 'key', 'extras', 'value', 'cas'] },
  )
  .map(({ opcode: code, ...fields }) => packet(code, fields));

/** Packets that are mostly well-formed, so that a stream of them goes on. */
const soundPacket = fc
  .record({
    command: fc.constantFrom(...BINARY_COMMANDS.filter(({ makes }) => makes !== 'quit')),
    key: fc.constantFrom('a', 'b', 'c'),
    exptime: fc.constantFrom(0, 100, 2_592_001, 0xffff_ffff),
    value: fc.constantFrom('', '1', 'text', 'v'.repeat(600)),
    cas: fc.constantFrom(0n, 0n, 0n, 256n, 512n),
  })
  .map(({ command, key, exptime, value, cas }) => {
    const bytes = Buffer.alloc(command.extrasBytes[0]!);
    if (bytes.length >= 4) bytes.writeUInt32BE(exptime, bytes.length - 4);
    if (bytes.length === 20) bytes.writeBigUInt64BE(3n, 0);
    return packet(command.opcode, {
      extras: bytes,
      ...(command.key !== 'none' && { key }),
      ...(command.rest === 'value' && { value }),
      cas,
    });
  });

const stream = fc
  .array(fc.oneof({ weight: 20, arbitrary: soundPacket }, { weight: 1, arbitrary: anyPacket }), {
    maxLength: 30,
  })
  .map(numbered);

describe('BinaryCodec', () => {
  it('answers the same however the input is cut', () => {
    fc.assert(
      fc.property(stream, places, (bytes, at) => {
        const expected = converseInProcess([bytes], ITEM_BYTES_MAX);
        expect(converseInProcess(cut(bytes, at), ITEM_BYTES_MAX)).toEqual(expected);
        expect(converseInProcess(cutEach(bytes, 1), ITEM_BYTES_MAX)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('yields the same when it is read only after all bytes were pushed', () => {
    fc.assert(
      fc.property(stream, places, (bytes, at) => {
        const codec = new BinaryCodec({ itemBytesMax: ITEM_BYTES_MAX });
        for (const piece of cut(bytes, at)) codec.push(piece);
        expect(drainBinary(codec)).toEqual(decodeBinary([bytes], ITEM_BYTES_MAX));
      }),
      { numRuns: 500 },
    );
  });

  it('yields the same of bytes that are overwritten once it had its turn', () => {
    fc.assert(
      fc.property(stream, places, fc.nat({ max: 3 }), (bytes, at, most) => {
        const codec = new BinaryCodec({ itemBytesMax: ITEM_BYTES_MAX });
        expect(decodeLent(codec, cut(bytes, at), most)).toEqual(decodeBinary([bytes], ITEM_BYTES_MAX));
      }),
      { numRuns: 500 },
    );
  });

  it('answers every well-formed packet at most once, in order, and those that are not quiet exactly once', () => {
    fc.assert(
      fc.property(fc.array(soundPacket, { maxLength: 30 }), (packets) => {
        const loud = new Set(BINARY_COMMANDS.filter(({ quiet }) => !quiet).map((command) => command.opcode));
        const { output, closes } = converseInProcess([numbered(packets)], ITEM_BYTES_MAX);
        const answered = output.map((line) => Number(/^#(\d+)/.exec(line)![1]));
        expect(closes).toBe(false);
        expect(answered).toEqual([...new Set(answered)].toSorted((a, b) => a - b));
        packets.forEach((bytes, at) => {
          if (loud.has(bytes[1]!)) expect(answered).toContain(at);
        });
      }),
      { numRuns: 500 },
    );
  });
});

describe('BinaryCodec, fed with any bytes,', () => {
  it('answers in whole packets, and never keeps more than an item or a preamble', () => {
    const garbage = fc.array(fc.uint8Array({ maxLength: 3000, size: 'max' }), { maxLength: 20 });
    const prefix = fc.array(anyPacket, { maxLength: 5 }).map((packets) => Buffer.concat(packets));
    fc.assert(
      fc.property(prefix, garbage, (first, chunks) => {
        const codec = new BinaryCodec({ itemBytesMax: ITEM_BYTES_MAX });
        const store = new DecidingStore(ITEM_BYTES_MAX);
        const out = new ReplyBuffer(new SlabPool());
        for (const chunk of [first, Buffer.from([0x80]), ...chunks]) {
          codec.push(Buffer.from(chunk));
          for (const request of drainBinary(codec)) codec.encode(request, store.answer(request), out);
          expect(codec.bufferedBytes).toBeLessThanOrEqual(PREAMBLE_BYTES_MAX);
        }
        const output = Buffer.concat(out.take());
        const whole = readPackets(output);
        const bytes = whole.reduce(
          (sum, { extras, key, value }) => sum + 24 + extras.length + key.length + value.length,
          0,
        );
        expect(bytes).toBe(output.length);
      }),
      { numRuns: 500 },
    );
  });

  it('takes time in proportion to the size, also byte by byte', () => {
    const largest = BINARY_CASES.find(({ name }) => name === 'the largest value')!;
    const codec = new BinaryCodec({ itemBytesMax: 1_048_576 });
    const startedMs = performance.now();
    for (const piece of cutEach(largest.input, 1)) {
      codec.push(piece);
      codec.next();
    }
    expect(performance.now() - startedMs).toBeLessThan(HANGS_AFTER_MS);
  });
});
