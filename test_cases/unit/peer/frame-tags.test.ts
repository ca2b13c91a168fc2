import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KeystreamTags, MacTags, sameTag } from '../../../src/peer/frame-tags.ts';

const KEY = Buffer.from('0123456789abcdef0123456789abcdef');

/** By node's own HMAC, over the number of the frame and its bytes. */
function expected(number: number, payload: Buffer): Buffer {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(number));
  return createHmac('sha256', KEY).update(counter).update(payload).digest().subarray(0, 16);
}

describe('the tags of frames', () => {
  it('on a network are HMAC-SHA256, whatever the size and the number of parts', () => {
    const tags = new MacTags(KEY);
    const sizes = [1, 20, 55, 64, 119, 120, 1000, 16_383, 16_384, 16_385, 100_000];
    for (const [number, bytes] of sizes.entries()) {
      const payload = Buffer.alloc(bytes, `${bytes}`);
      const parts = [payload.subarray(0, bytes / 3), payload.subarray(bytes / 3)];
      expect(tags.next(parts)).toEqual(expected(number, payload));
    }
  });

  it('on loopback never repeat, are the same at both ends, and differ by key', () => {
    const [one, same, other] = [KEY, KEY, Buffer.alloc(32)].map((key) => new KeystreamTags(key));
    const seen = new Set<string>();
    for (let number = 0; number < 5000; number++) {
      const tag = one!.next().toString('hex');
      expect(same!.next().toString('hex')).toBe(tag);
      seen.add(tag).add(other!.next().toString('hex'));
    }
    expect(seen.size).toBe(10_000);
  });

  it('are compared to the last byte', () => {
    const frame = Buffer.from('12345678 and the rest');
    expect(sameTag(frame, Buffer.from('12345678'))).toBe(true);
    for (const wrong of ['02345678', '12345679', '12355678']) {
      expect(sameTag(frame, Buffer.from(wrong))).toBe(false);
    }
  });
});
