import { describe, expect, it } from 'vitest';
import { deleteRequest } from '../../../src/protocol/make-request.ts';
import { clientError, REPLIES, type Reply, serverError } from '../../../src/protocol/reply.ts';
import { COPY_BYTES_MAX, ReplyBuffer } from '../../../src/protocol/reply-buffer.ts';
import type { Request } from '../../../src/protocol/request.ts';
import { SlabPool } from '../../../src/protocol/slab-pool.ts';
import { encodeInvalid, encodeText } from '../../../src/protocol/text-encoder.ts';

function encoded(request: Request, reply: Reply): string {
  const out = new ReplyBuffer(new SlabPool());
  encodeText(request, reply, out);
  return Buffer.concat(out.take()).toString('latin1');
}

const who: Request = { kind: 'who' };
const get: Request = { kind: 'get', keys: ['k'], withCas: false };
const hit = { key: '\xff', flags: 2 ** 32 - 1, value: Buffer.from('a\r\nb'), cas: 7n };

const TABLE: readonly (readonly [Request, Reply, string])[] = [
  [who, REPLIES.stored, 'STORED\r\n'],
  [who, REPLIES.notStored, 'NOT_STORED\r\n'],
  [who, REPLIES.exists, 'EXISTS\r\n'],
  [who, REPLIES.notFound, 'NOT_FOUND\r\n'],
  [who, REPLIES.deleted, 'DELETED\r\n'],
  [who, REPLIES.touched, 'TOUCHED\r\n'],
  [who, REPLIES.ok, 'OK\r\n'],
  [get, { kind: 'hits', hits: [] }, 'END\r\n'],
  [get, { kind: 'hits', hits: [hit] }, 'VALUE \xff 4294967295 4\r\na\r\nb\r\nEND\r\n'],
  [
    { ...get, withCas: true },
    { kind: 'hits', hits: [hit] },
    'VALUE \xff 4294967295 4 7\r\na\r\nb\r\nEND\r\n',
  ],
  [
    { kind: 'gat', keys: [], withCas: true, exptime: 0 },
    { kind: 'hits', hits: [{ ...hit, key: 'a', value: Buffer.alloc(0) }, hit] },
    'VALUE a 4294967295 0 7\r\n\r\nVALUE \xff 4294967295 4 7\r\na\r\nb\r\nEND\r\n',
  ],
  [
    who,
    { kind: 'number', value: 2n ** 64n - 1n, cas: 0n, ttl: -1, ttlBefore: -1, atMs: 0 },
    '18446744073709551615\r\n',
  ],
  [who, { kind: 'line', line: 'VERSION 1' }, 'VERSION 1\r\n'],
  [who, { kind: 'lines', lines: ['a', 'b'] }, 'a\r\nb\r\nEND\r\n'],
  [
    who,
    {
      kind: 'stats',
      stats: [
        ['pid', '1'],
        ['x', ''],
      ],
    },
    'STAT pid 1\r\nSTAT x \r\nEND\r\n',
  ],
  [who, clientError('no'), 'CLIENT_ERROR no\r\n'],
  [who, serverError('NO_MAJORITY', 'a peer\r\nis down\n'), 'SERVER_ERROR a peer is down \r\n'],
];

describe('encodeText', () => {
  it.each(TABLE)('%# %j', (request, reply, expected) => {
    expect(encoded(request, reply)).toBe(expected);
  });

  it('writes nothing for a request with noreply', () => {
    expect(encoded(deleteRequest('k', true), serverError('STORE_DOWN', 'down'))).toBe('');
    expect(encoded(deleteRequest('k'), serverError('STORE_DOWN', 'down'))).not.toBe('');
  });

  it('writes human-readable text as UTF-8', () => {
    const out = new ReplyBuffer(new SlabPool());
    encodeText(who, { kind: 'line', line: 'zürich ☃' }, out);
    expect(Buffer.concat(out.take()).toString('utf8')).toBe('zürich ☃\r\n');
  });
});

describe('encodeInvalid', () => {
  it.each([
    ['ERROR', false, 'ERROR\r\n'],
    ['ERROR', true, ''],
    ['', false, ''],
  ])('%j, noreply %j', (line, noreply, expected) => {
    const out = new ReplyBuffer(new SlabPool());
    encodeInvalid({ kind: 'invalid', line, fatal: false, noreply }, out);
    expect(Buffer.concat(out.take()).toString()).toBe(expected);
  });
});

describe('ReplyBuffer', () => {
  it('copies small parts together, and keeps large parts by reference', () => {
    const out = new ReplyBuffer(new SlabPool());
    const large = Buffer.alloc(COPY_BYTES_MAX + 1);
    out.text('a');
    out.bytes(Buffer.from('b'));
    out.bytes(large);
    out.text('c');
    out.text('d');
    expect(out.byteLength).toBe(large.length + 4);
    const parts = out.take();
    expect(parts.map((part) => part.length)).toEqual([2, large.length, 2]);
    expect(parts[1]).toBe(large);
    expect(out.byteLength).toBe(0);
    expect(out.take()).toEqual([]);
  });

  it('does not write to memory that it has handed out', () => {
    const out = new ReplyBuffer(new SlabPool());
    out.text('first');
    const [first] = out.take();
    out.text('other');
    expect(first!.toString()).toBe('first');
    expect(out.take().toString()).toBe('other');
  });
});
