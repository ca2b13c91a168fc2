import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, FrameError, inOnePiece } from '../../../src/base/byte-writer.ts';
import { NO_BALLOT } from '../../../src/membership/ballot.ts';
import { ROOT_GROUP } from '../../../src/membership/peer-bus.ts';
import { decodeMessage, decodeMessages, encodeMessage, GROUP_MAX } from '../../../src/peer/codec.ts';
import { REASON_CHARS_MAX } from '../../../src/peer/reason-text.ts';
import { valueIn } from '../../support/effects.ts';

describe('the codec of peer messages', () => {
  it('refuses an unknown type, and an empty message', () => {
    expect(() => decodeMessage(Buffer.from([100]))).toThrow('unknown message type 100');
    expect(() => decodeMessage(Buffer.alloc(0))).toThrow(FrameError);
  });

  it('refuses a count that its frame cannot hold, before it allocates memory', () => {
    const push = Buffer.from(encodeMessage(ROOT_GROUP, { type: 'push', previousTime: 0, effects: [] }));
    push.writeUInt32BE(2 ** 32 - 1, push.length - 4);
    const before = process.memoryUsage().heapTotal;
    expect(() => decodeMessage(push)).toThrow('4294967295 items do not fit their frame');
    expect(process.memoryUsage().heapTotal - before).toBeLessThan(64 * 1_048_576);
  });

  it('refuses more numbers than there can be controllers', () => {
    const known = new Array<number>(1_025).fill(1);
    const encoded = encodeMessage(ROOT_GROUP, {
      type: 'sync-request',
      exchange: 1,
      known,
      forgotten: [],
      empty: false,
    });
    expect(() => decodeMessage(encoded)).toThrow('1025 numbers');
  });

  it('refuses a reason that is longer than any controller sends', () => {
    const acceptor = {
      promised: NO_BALLOT,
      accepted: NO_BALLOT,
      members: [],
      retention: 'lost',
      incarnation: 0,
    } as const;
    const frame = encodeMessage(ROOT_GROUP, {
      type: 'heartbeat',
      time: 0,
      wallMs: 0,
      clusterMs: 0,
      askedMs: 0,
      installed: NO_BALLOT,
      acceptor,
      transferring: false,
      hears: [],
      caughtUp: false,
      journalTrouble: '',
      isStalling: false,
      storeTrouble: 'x'.repeat(REASON_CHARS_MAX + 1),
      known: [],
      departure: 'staying',
      onProbation: [],
      heard: [],
      lagMs: 0,
    });
    expect(() => decodeMessage(frame)).toThrow('a reason of 241 characters');
  });

  it('refuses a kind of effect and an outcome that it does not know', () => {
    const effect = {
      version: { time: 1, node: 0 },
      kind: 'set',
      key: '',
      condition: null,
      flags: 0,
      token: null,
      marks: 0,
      expiresAtMs: 0,
      value: null,
    } as const;
    const push = encodeMessage(ROOT_GROUP, { type: 'push', previousTime: 0, effects: [effect] });
    push[1 + 8 + 4 + 9] = 15 << 4;
    expect(() => decodeMessage(push)).toThrow(FrameError);
    const fetched = encodeMessage(ROOT_GROUP, { type: 'fetched', id: 1, outcome: 'lost', effect: null });
    fetched[1 + 4] = 9;
    expect(() => decodeMessage(fetched)).toThrow(FrameError);
  });

  it('finds the end of each of several messages', () => {
    const list = [1, 2, 3].map((exchange) => ({ type: 'sync-next', exchange }) as const);
    const found: unknown[] = [];
    decodeMessages(Buffer.concat(list.map((message) => encodeMessage(ROOT_GROUP, message))), (_, message) =>
      found.push(message),
    );
    expect(found).toEqual(list);
  });

  it('names the group in one byte, and the root group in none', () => {
    const message = { type: 'sync-next', exchange: 7 } as const;
    const root = encodeMessage(ROOT_GROUP, message);
    expect(root.toString('hex')).toBe('0700000007');
    expect(encodeMessage(1, message).toString('hex')).toBe('870100000007');
    for (const group of [1, GROUP_MAX]) {
      expect(decodeMessage(encodeMessage(group, message))).toEqual({ group, message });
    }
    expect(() => decodeMessage(Buffer.from([0x87]))).toThrow(FrameError);
  });

  it('does not copy a value when it is read', () => {
    const value = Buffer.alloc(100, 'v');
    const encoded = encodeMessage(ROOT_GROUP, {
      type: 'fetched',
      id: 1,
      outcome: 'found',
      effect: {
        version: { time: 1, node: 0 },
        kind: 'set',
        key: 'k',
        condition: null,
        flags: 0,
        token: null,
        marks: 0,
        expiresAtMs: 0,
        value,
      },
    });
    const { message } = decodeMessage(encoded);
    expect(message.type === 'fetched' && message.effect && valueIn(message.effect)?.buffer).toBe(
      encoded.buffer,
    );
  });
});

describe('the writer and the reader of bytes', () => {
  it('keep large bytes where they lie, among everything else in its order', () => {
    const writer = new ByteWriter(16);
    const large = [Buffer.alloc(20_000, 'a'), Buffer.alloc(16_384, 'b')];
    writer.text('first');
    for (const bytes of large) writer.bytes(bytes);
    writer.bytes(Buffer.alloc(16_383, 'c'));
    writer.text('last');
    const { length } = writer;
    const written = writer.finish();
    expect(written.parts[1]).toBe(large[0]);
    expect(written.parts[3]).toBe(large[1]);
    const whole = inOnePiece(written);
    expect([length, written.length]).toEqual([whole.length, whole.length]);
    const reader = new ByteReader(whole);
    expect(reader.text()).toBe('first');
    for (const bytes of large) expect(reader.bytes().equals(bytes)).toBe(true);
    expect(reader.bytes().equals(Buffer.alloc(16_383, 'c'))).toBe(true);
    expect(reader.text()).toBe('last');
    expect(reader.remaining).toBe(0);
  });

  it('grow past their capacity, also when a part ends exactly at it', () => {
    for (let length = 0; length < 40; length++) {
      const writer = new ByteWriter(16);
      writer.text('k'.repeat(length));
      writer.text('');
      writer.bytes(Buffer.alloc(length, 'v'));
      writer.bytes(Buffer.alloc(0));
      writer.u53(Number.MAX_SAFE_INTEGER);
      const reader = new ByteReader(inOnePiece(writer.finish()));
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
