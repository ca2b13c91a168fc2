import { describe, expect, it } from 'vitest';
import { FrameError } from '../../../src/base/byte-writer.ts';
import { FrameReader } from '../../../src/peer/frame-reader.ts';

const frame = (body: string): Buffer => {
  const bytes = Buffer.alloc(4 + body.length);
  bytes.writeUInt32BE(body.length);
  bytes.write(body, 4);
  return bytes;
};

describe('a reader of frames', () => {
  it('accepts a frame of the largest size, and refuses a larger one as soon as its length is known', () => {
    const bodies: string[] = [];
    new FrameReader(5).push(frame('12345'), (body) => bodies.push(`${body}`));
    expect(bodies).toEqual(['12345']);
    const length = frame('123456').subarray(0, 4);
    expect(() => new FrameReader(5).push(length, () => {})).toThrow(FrameError);
  });

  it('accepts larger frames from the moment at which its limit is raised', () => {
    const reader = new FrameReader(5);
    const bodies: string[] = [];
    reader.push(Buffer.concat([frame('hello'), frame('a large one')]), (body) => {
      bodies.push(`${body}`);
      reader.frameBytesMax = 100;
    });
    expect(bodies).toEqual(['hello', 'a large one']);
  });

  it('hands out a view of the chunk for a frame that lies within it', () => {
    const chunk = frame('whole');
    new FrameReader(100).push(chunk, (body) => expect(body.buffer).toBe(chunk.buffer));
    expect.assertions(1);
  });

  it('refuses an empty frame', () => {
    expect(() => new FrameReader(100).push(Buffer.alloc(4), () => {})).toThrow('an empty frame');
  });
});
