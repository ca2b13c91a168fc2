import { describe, expect, it } from 'vitest';
import { BinaryCodec } from '../../../../src/protocol/binary/binary-codec.ts';
import { BINARY_COMMANDS } from '../../../../src/protocol/binary/binary-commands.ts';
import { ITEM_BYTES_DEFAULT } from '../../../../src/protocol/limits.ts';
import { clientError, REPLIES, type Reply, serverError } from '../../../../src/protocol/reply.ts';
import { ReplyBuffer } from '../../../../src/protocol/reply-buffer.ts';
import type { Request } from '../../../../src/protocol/request.ts';
import { SlabPool } from '../../../../src/protocol/slab-pool.ts';
import { decodeBinary } from '../../../support/binary-codec.ts';
import { counterExtras, packet, readPackets, shown, u32 } from '../../../support/binary-packets.ts';

function decodeOne(bytes: Buffer): Request {
  const [request] = decodeBinary([bytes], ITEM_BYTES_DEFAULT);
  return request!;
}

function encoded(bytes: Buffer, reply: Reply): Buffer {
  const codec = new BinaryCodec({ itemBytesMax: ITEM_BYTES_DEFAULT });
  codec.push(bytes);
  const out = new ReplyBuffer(new SlabPool());
  codec.encode(codec.next()!, reply, out);
  return Buffer.concat(out.take());
}

const answered = (bytes: Buffer, reply: Reply): string[] => readPackets(encoded(bytes, reply)).map(shown);

describe('the table of binary commands', () => {
  it('has each opcode once, and each name once', () => {
    expect(new Set(BINARY_COMMANDS.map(({ opcode }) => opcode)).size).toBe(BINARY_COMMANDS.length);
    expect(new Set(BINARY_COMMANDS.map(({ name }) => name)).size).toBe(BINARY_COMMANDS.length);
  });

  it.each(BINARY_COMMANDS)(
    'names the kind of request that $name becomes',
    ({ opcode, makes, extrasBytes, key }) => {
      const fields = { key: key === 'none' ? '' : 'k', extras: Buffer.alloc(extrasBytes.at(-1)!) };
      expect(decodeOne(packet(opcode, fields))).toMatchObject({ kind: makes });
    },
  );

  it.each(BINARY_COMMANDS.filter(({ quiet }) => quiet))(
    '$name is quiet about success, and only that',
    (one) => {
      const fields = { key: one.key === 'none' ? '' : 'k', extras: Buffer.alloc(one.extrasBytes.at(-1)!) };
      const success: Reply =
        one.makes === 'arithmetic'
          ? { kind: 'number', value: 1n, cas: 1n, ttl: -1, ttlBefore: -1, atMs: 0 }
          : REPLIES.ok;
      const isRead = one.makes === 'get' || one.makes === 'gat';
      expect(answered(packet(one.opcode, fields), isRead ? { kind: 'hits', hits: [] } : success)).toEqual([]);
      expect(answered(packet(one.opcode, fields), serverError('NO_MAJORITY', 'no majority'))).toHaveLength(1);
    },
  );
});

describe('binary requests', () => {
  it('have the token as a condition, whatever the verb is', () => {
    const fields = { key: 'k', extras: u32(0xffff_ffff, 5), value: 'v', cas: 2n ** 63n + 1n };
    for (const opcode of [0x01, 0x02, 0x03]) {
      expect(decodeOne(packet(opcode, fields))).toMatchObject({
        verb: 'cas',
        compare: 2n ** 63n + 1n,
        flags: 0xffff_ffff,
        exptime: 5,
        value: Buffer.from('v'),
        wantsToken: true,
      });
    }
    expect(decodeOne(packet(0x0e, { key: 'k', value: 'v', cas: 1n }))).toMatchObject({
      verb: 'append',
      compare: 1n,
    });
    expect(decodeOne(packet(0x04, { key: 'k', cas: 1n << 32n }))).toMatchObject({ compare: 1n << 32n });
    expect(decodeOne(packet(0x11, { ...fields, cas: 0n }))).toMatchObject({
      verb: 'set',
      compare: null,
      wantsToken: false,
    });
  });

  it('make a missing counter unless the exptime forbids it', () => {
    const count = (exptime: number) =>
      decodeOne(packet(0x15, { key: 'k', extras: counterExtras(2n ** 64n - 1n, 7n, exptime) }));
    expect(count(0xffff_fffe)).toMatchObject({
      delta: 2n ** 64n - 1n,
      initial: { value: 7n, exptime: 0xffff_fffe },
    });
    expect(count(0xffff_ffff)).toMatchObject({ initial: null });
  });

  it('name a group of statistics by the letters that memcached looks at', () => {
    const wordsOf = (key: string) => decodeOne(packet(0x10, { key }));
    expect(wordsOf('')).toMatchObject({ words: [] });
    expect(wordsOf('settings')).toMatchObject({ words: ['settings'] });
    expect(wordsOf('resets')).toMatchObject({ words: ['reset'] });
    expect(wordsOf('detail dump')).toMatchObject({ words: ['detail', 'dump'] });
    expect(wordsOf('items')).toMatchObject({ words: ['items'] });
    expect(wordsOf('items 1')).toMatchObject({ words: ['items 1'] });
    expect(wordsOf('conns')).toMatchObject({ words: ['?'] });
  });

  it('have values that are views of the chunk', () => {
    const bytes = packet(0x01, { key: 'k', extras: u32(0, 0), value: 'value' });
    const request = decodeOne(bytes);
    expect(request.kind === 'storage' && request.value.buffer === bytes.buffer).toBe(true);
  });
});

describe('binary replies', () => {
  it('have the layout of the protocol', () => {
    const get = packet(0x0c, { key: 'ab' });
    get.writeUInt32BE(0xdeadbeef, 12);
    const hit = { key: 'ab', flags: 0x01020304, value: Buffer.from('xyz'), cas: 0x1122334455667788n };
    expect(encoded(get, { kind: 'hits', hits: [hit] }).toString('hex')).toBe(
      '810c0002' + '04000000' + '00000009' + 'deadbeef' + '1122334455667788' + '01020304' + '6162' + '78797a',
    );
  });

  it('contain the token of the entry that was written', () => {
    const set = packet(0x01, { key: 'k', extras: u32(0, 0), value: 'v' });
    const [stored] = readPackets(encoded(set, { kind: 'outcome', outcome: 'stored', cas: 77n }));
    expect(stored!.cas).toBe(77n);
    const increment = packet(0x05, { key: 'k', extras: counterExtras(1n, 1n, 0) });
    const [counted] = readPackets(
      encoded(increment, {
        kind: 'number',
        value: 2n ** 64n - 1n,
        cas: 78n,
        ttl: -1,
        ttlBefore: -1,
        atMs: 0,
      }),
    );
    expect([counted!.value.readBigUInt64BE(), counted!.cas]).toEqual([2n ** 64n - 1n, 78n]);
  });

  it('contain the reason if the cluster cannot carry the request out', () => {
    const set = packet(0x01, { key: 'k', extras: u32(0, 0), value: 'v' });
    expect(answered(set, serverError('NO_MAJORITY', 'keine Mehrheit für b'))).toEqual([
      '#0 01 status=86 value="keine Mehrheit fÃ¼r b"',
    ]);
    expect(answered(packet(0x00, { key: 'k' }), serverError('TIMED_OUT', 'timed out'))).toEqual([
      '#0 00 status=86 value="timed out"',
    ]);
    expect(answered(set, clientError('not so'))).toEqual(['#0 01 status=4 value="not so"']);
  });

  it('have one packet for each figure of statistics, and an empty packet behind the last', () => {
    const answers = (reply: Reply) => answered(packet(0x10, { key: 'items' }), reply);
    expect(
      answers({
        kind: 'stats',
        stats: [
          ['pid', '1'],
          ['empty', ''],
        ],
      }),
    ).toEqual(['#0 10 status=0 key="pid" value="1"', '#0 10 status=0 key="empty"', '#0 10 status=0']);
    expect(answers({ kind: 'lines', lines: ['PREFIX a get 1'] })).toEqual([
      '#0 10 status=0 key="detailed" value="PREFIX a get 1\\r\\nEND\\r\\n"',
      '#0 10 status=0',
    ]);
    expect(answers({ kind: 'line', line: 'RESET' })).toEqual(['#0 10 status=0']);
    expect(answers({ kind: 'line', line: 'STAT sizes_status enabled' })).toEqual([
      '#0 10 status=0 key="sizes_status" value="enabled"',
    ]);
    expect(answers({ kind: 'line', line: 'ERROR' })).toEqual(['#0 10 status=1 value="Not found"']);
    expect(answers(clientError('usage: …'))).toEqual(['#0 10 status=1 value="Not found"']);
  });

  it('contain the version without the word VERSION', () => {
    expect(answered(packet(0x0b), { kind: 'line', line: 'VERSION 1.6.18 x' })).toEqual([
      '#0 0b status=0 value="1.6.18 x"',
    ]);
  });
});
