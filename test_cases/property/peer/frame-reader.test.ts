import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameError } from '../../../src/base/byte-writer.ts';
import { FrameReader } from '../../../src/peer/frame-reader.ts';
import { framed } from '../../support/framed.ts';
import { messages } from '../../support/peer-arbitraries.ts';
import { TwinFrameReader } from '../../support/twin-frame-reader.ts';

const FRAME_BYTES_MAX = 100_000;

/** The bodies of frames in hex, and whether the stream was refused. */
type Cut = { readonly bodies: readonly string[]; readonly refused: boolean };

function cut(reader: FrameReader | TwinFrameReader, chunks: readonly Buffer[]): Cut {
  const bodies: string[] = [];
  try {
    for (const chunk of chunks) reader.push(chunk, (body) => bodies.push(body.toString('hex')));
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return { bodies, refused: true };
  }
  return { bodies, refused: false };
}

function splitAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1))), bytes.length].sort(
    (a, b) => a - b,
  );
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

function expectAsTwin(chunks: readonly Buffer[], frameBytesMax: number): Cut {
  const found = cut(new FrameReader(frameBytesMax), chunks);
  expect(found).toEqual(cut(new TwinFrameReader(frameBytesMax), chunks));
  return found;
}

describe('a reader of frames', () => {
  const streams = fc.array(messages, { maxLength: 6 }).map((list) => list.map((message) => framed(message)));

  it('finds the same frames wherever the stream is split', () => {
    fc.assert(
      fc.property(streams, fc.array(fc.nat(), { maxLength: 20 }), (frames, places) => {
        const found = expectAsTwin(splitAt(Buffer.concat(frames), places), FRAME_BYTES_MAX);
        expect(found.bodies).toEqual(frames.map((frame) => frame.subarray(4).toString('hex')));
      }),
      { numRuns: 200 },
    );
  });

  it('finds the same frames one byte at a time', () => {
    fc.assert(
      fc.property(streams, (frames) => {
        const bytes = Buffer.concat(frames);
        expectAsTwin(
          Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)),
          FRAME_BYTES_MAX,
        );
      }),
      { numRuns: 50 },
    );
  });

  it('hands out frames that stay as they are when the chunks that it was lent are overwritten', () => {
    fc.assert(
      fc.property(streams, fc.array(fc.nat(), { maxLength: 20 }), (frames, places) => {
        const reader = new FrameReader(FRAME_BYTES_MAX);
        const bodies: Buffer[] = [];
        for (const chunk of splitAt(Buffer.concat(frames), places)) {
          const lent = Buffer.from(chunk);
          reader.push(lent, (body) => bodies.push(body), true);
          lent.fill('#');
        }
        expect(bodies).toEqual(frames.map((frame) => frame.subarray(4)));
      }),
      { numRuns: 200 },
    );
  });

  it('refuses what its twin refuses, after the same frames', () => {
    const header = fc.nat({ max: 40 }).map((length) => Buffer.from([0, 0, 0, length]));
    const pieces = fc.oneof(
      header,
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(pieces), fc.array(fc.nat()), (list, places) => {
        expectAsTwin(splitAt(Buffer.concat(list), places), 30);
      }),
      { numRuns: 500 },
    );
  });
});
