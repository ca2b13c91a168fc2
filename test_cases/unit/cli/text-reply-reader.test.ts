import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ReplyParts,
  type ReplyShape,
  TextReplyReader,
} from '../../../src/cli/client/text-reply-reader.ts';

function read(shape: ReplyShape, ...chunks: Buffer[]): ReplyParts | null {
  const reader = new TextReplyReader(shape);
  let reply: ReplyParts | null = null;
  for (const chunk of chunks) {
    expect(reply).toBeNull();
    reply = reader.push(chunk);
  }
  return reply;
}

const texts = (reply: ReplyParts | null) => reply?.parts.map((part) => part.toString('latin1'));

describe('the end of a reply', () => {
  it.each<[ReplyShape, string, string[], boolean]>([
    ['line', 'STORED\r\n', ['STORED'], false],
    ['line', 'NOT_STORED\r\n', ['NOT_STORED'], false],
    ['line', 'ERROR\r\n', ['ERROR'], true],
    ['line', 'SERVER_ERROR no\r\n', ['SERVER_ERROR no'], true],
    ['values', 'END\r\n', ['END'], false],
    ['values', 'VALUE k 0 3\r\nEND\r\nEND\r\n', ['VALUE k 0 3', 'END', 'END'], false],
    ['values', 'VALUE k 0 0 9\r\n\r\nEND\r\n', ['VALUE k 0 0 9', '', 'END'], false],
    ['values', 'VALUE k 0 1\r\na\r\nSERVER_ERROR gone\r\n', ['VALUE k 0 1', 'a', 'SERVER_ERROR gone'], true],
    ['lines', 'STAT a 1\r\nEND\r\n', ['STAT a 1', 'END'], false],
    ['lines', 'RESET\r\n', ['RESET'], false],
    ['lines', 'CLIENT_ERROR usage\r\n', ['CLIENT_ERROR usage'], true],
    ['silent', 'VERSION 1\r\n', [], false],
    ['silent', 'SERVER_ERROR no\r\nVERSION 1\r\n', ['SERVER_ERROR no'], true],
  ])('%s %j', (shape, bytes, parts, failed) => {
    const reply = read(shape, Buffer.from(bytes));
    expect(texts(reply)).toEqual(parts);
    expect(reply?.failed).toBe(failed);
  });

  it('is not found in part of a reply', () => {
    expect(read('values', Buffer.from('VALUE k 0 5\r\nEND\r\n'))).toBeNull();
    expect(read('line', Buffer.from('STORED\r'))).toBeNull();
  });

  it('is an error when bytes follow it, or when it is not where it should be', () => {
    expect(() => read('line', Buffer.from('STORED\r\nSTORED\r\n'))).toThrow('more behind the reply');
    expect(() => read('values', Buffer.from('VALUE k 0 1\r\nabc\r\nEND\r\n'))).toThrow(
      'does not end where it should',
    );
    expect(() => read('values', Buffer.from('VALUE k 0 x\r\n'))).toThrow('no length that makes sense');
    expect(() => read('line', Buffer.alloc(2 * 1024 * 1024, 'a'))).toThrow('too long');
  });
});

/** Cuts bytes at the given places, in order. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [0, ...places.map((place) => place % bytes.length).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

it('replies are read alike however the network cuts the bytes, and whatever the values contain', () => {
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom('END\r\n', '\r\n', 'VALUE k 0 3\r\n', 'ERROR\r\n'),
  );
  const values = fc.array(
    value.map((content) => Buffer.from(content as Uint8Array)),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(values, fc.array(fc.nat(), { maxLength: 20 }), (contents, places) => {
      const blocks = contents.map((content, index) => [
        Buffer.from(`VALUE k${index} 0 ${content.length}\r\n`),
        content,
        Buffer.from('\r\n'),
      ]);
      const bytes = Buffer.concat([...blocks.flat(), Buffer.from('END\r\n')]);
      const reply = read('values', ...cut(bytes, places).filter((chunk) => chunk.length > 0));
      const found = reply?.parts.filter((_, index) => index % 2 === 1);
      expect(found).toEqual(contents);
      expect(reply?.failed).toBe(false);
    }),
  );
});

it('replies are read alike when bytes arrive one at a time', () => {
  const bytes = Buffer.from('VALUE k 0 5\r\na\r\nbc\r\nEND\r\n');
  expect(texts(read('values', ...[...bytes].map((byte) => Buffer.from([byte]))))).toEqual([
    'VALUE k 0 5',
    'a\r\nbc',
    'END',
  ]);
});
