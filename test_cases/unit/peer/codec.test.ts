import { describe, expect, it } from 'vitest';
import { NO_BALLOT } from '../../../src/ordering/ballot.ts';
import { ByteReader, ByteWriter, FrameError } from '../../../src/peer/byte-writer.ts';
import { decodeBody, encodeFrame, LENGTH_BYTES } from '../../../src/peer/codec.ts';
import { NOTE_CHARS_MAX } from '../../../src/peer/note.ts';

describe('the codec of peer messages', () => {
  it('refuses an unknown type, and no type', () => {
    expect(() => decodeBody(Buffer.from([200]))).toThrow('unknown message type 200');
    expect(() => decodeBody(Buffer.alloc(0))).toThrow(FrameError);
  });

  it('refuses a count that its frame cannot hold, before anything is allocated for it', () => {
    const push = Buffer.from(encodeFrame({ type: 'push', previousTime: 0, effects: [] })).subarray(
      LENGTH_BYTES,
    );
    push.writeUInt32BE(2 ** 32 - 1, push.length - 4);
    const before = process.memoryUsage().heapTotal;
    expect(() => decodeBody(push)).toThrow('4294967295 items do not fit their frame');
    expect(process.memoryUsage().heapTotal - before).toBeLessThan(64 * 1_048_576);
  });

  it('refuses more numbers than there can be controllers', () => {
    const known = new Array<number>(257).fill(1);
    const frame = encodeFrame({ type: 'sync-request', exchange: 1, known, forgotten: [], empty: false });
    expect(() => decodeBody(frame.subarray(LENGTH_BYTES))).toThrow('257 numbers');
  });

  it('refuses a note that is longer than any controller sends', () => {
    const standing = {
      promised: NO_BALLOT,
      accepted: NO_BALLOT,
      members: [],
      memory: 'lost',
      incarnation: 0,
    } as const;
    const frame = encodeFrame({
      type: 'heartbeat',
      time: 0,
      wallTime: 0,
      askedMs: 0,
      installed: NO_BALLOT,
      standing,
      transferring: false,
      hears: [],
      caughtUp: false,
      failing: '',
      withholds: false,
      storeTrouble: 'x'.repeat(NOTE_CHARS_MAX + 1),
      known: [],
    });
    expect(() => decodeBody(frame.subarray(LENGTH_BYTES))).toThrow('a note of 241 characters');
  });

  it('refuses a kind of effect and an outcome that it does not know', () => {
    const effect = {
      version: { time: 1, node: 0 },
      kind: 'set',
      key: '',
      base: null,
      flags: 0,
      token: null,
      marks: 0,
      expiresAtMs: 0,
      value: null,
    } as const;
    const push = encodeFrame({ type: 'push', previousTime: 0, effects: [effect] }).subarray(LENGTH_BYTES);
    push[1 + 8 + 4 + 9] = 15 << 4;
    expect(() => decodeBody(push)).toThrow(FrameError);
    const fetched = encodeFrame({ type: 'fetched', id: 1, outcome: 'lost', effect: null });
    fetched[LENGTH_BYTES + 1 + 4] = 9;
    expect(() => decodeBody(fetched.subarray(LENGTH_BYTES))).toThrow(FrameError);
  });

  it('does not copy a value when it is read', () => {
    const value = Buffer.alloc(100, 'v');
    const frame = encodeFrame({
      type: 'fetched',
      id: 1,
      outcome: 'found',
      effect: {
        version: { time: 1, node: 0 },
        kind: 'set',
        key: 'k',
        base: null,
        flags: 0,
        token: null,
        marks: 0,
        expiresAtMs: 0,
        value,
      },
    });
    const message = decodeBody(frame.subarray(LENGTH_BYTES));
    expect(message.type === 'fetched' && message.effect?.value?.buffer).toBe(frame.buffer);
  });
});

describe('bytes one after the other', () => {
  it('grow past any capacity, also when a part ends exactly at it', () => {
    for (let length = 0; length < 40; length++) {
      const writer = new ByteWriter(16);
      writer.text('k'.repeat(length));
      writer.text('');
      writer.bytes(Buffer.alloc(length, 'v'));
      writer.bytes(Buffer.alloc(0));
      writer.u53(Number.MAX_SAFE_INTEGER);
      const reader = new ByteReader(writer.finish());
      expect(reader.text()).toBe('k'.repeat(length));
      expect(reader.text()).toBe('');
      expect(reader.bytes().toString()).toBe('v'.repeat(length));
      expect(reader.bytes().length).toBe(0);
      expect(reader.u53()).toBe(Number.MAX_SAFE_INTEGER);
      expect(reader.remaining).toBe(0);
    }
  });

  it('hold no number above the safe integers', () => {
    const bytes = Buffer.alloc(8, 0xff);
    expect(() => new ByteReader(bytes).u53()).toThrow(FrameError);
  });
});
