import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameError } from '../../../src/base/byte-writer.ts';
import { ROOT_GROUP } from '../../../src/membership/peer-bus.ts';
import { decodeMessage, encodeMessage } from '../../../src/peer/codec.ts';
import { MESSAGES, messages } from '../../support/peer-arbitraries.ts';

/** Expects a message or a `FrameError`, which closes a link. Any other error is a fault. */
function decodesOrRefuses(body: Buffer): void {
  try {
    decodeMessage(body);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
  }
}

describe('the codec of peer messages', () => {
  for (const [type, arbitrary] of Object.entries(MESSAGES)) {
    it(`gives back a ${type} as it was`, () => {
      fc.assert(
        fc.property(arbitrary as typeof messages, (message) => {
          expect(decodeMessage(encodeMessage(ROOT_GROUP, message))).toEqual({ group: ROOT_GROUP, message });
        }),
        { numRuns: 60 },
      );
    });
  }

  it('refuses a message that is cut off anywhere', () => {
    fc.assert(
      fc.property(messages, fc.nat(), (message, at) => {
        const body = encodeMessage(ROOT_GROUP, message);
        expect(() => decodeMessage(body.subarray(0, at % body.length))).toThrow(FrameError);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a message with bytes after it', () => {
    fc.assert(
      fc.property(messages, fc.uint8Array({ minLength: 1 }), (message, more) => {
        expect(() => decodeMessage(Buffer.concat([encodeMessage(ROOT_GROUP, message), more]))).toThrow(
          FrameError,
        );
      }),
    );
  });

  it('makes a message or a FrameError of any bytes', () => {
    fc.assert(
      fc.property(fc.nat({ max: 20 }), fc.uint8Array({ maxLength: 200 }), (type, bytes) => {
        decodesOrRefuses(Buffer.from([type, ...bytes]));
      }),
      { numRuns: 2000 },
    );
  });

  it('makes a message or a FrameError of a message with some bytes changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), { minLength: 1 });
    fc.assert(
      fc.property(messages, changes, (message, list) => {
        const body = encodeMessage(ROOT_GROUP, message);
        for (const [at, value] of list) body[at % body.length] = value;
        decodesOrRefuses(body);
      }),
      { numRuns: 1000 },
    );
  });
});
