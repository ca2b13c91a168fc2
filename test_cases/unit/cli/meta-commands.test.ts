import { describe, expect, it } from 'vitest';
import { TextReplyReader } from '../../../src/cli/client/text-reply-reader.ts';
import { parseTyped } from '../../../src/cli/client/typed-command.ts';

const text = (bytes: Buffer) => bytes.toString('latin1');

describe('typed meta commands', () => {
  it('are sent as they were typed', () => {
    expect(parseTyped('mg k v t')).toMatchObject({
      kind: 'complete',
      command: { bytes: Buffer.from('mg k v t\r\n'), reply: 'item' },
    });
  });

  it('wait for the value whose length the second word announces', () => {
    const typed = parseTyped('ms k 5 T30 c');
    expect(typed).toMatchObject({ kind: 'value_follows', valueBytes: 5 });
    if (typed.kind !== 'value_follows') return;
    expect(text(typed.complete(Buffer.from('hello')).bytes)).toBe('ms k 5 T30 c\r\nhello\r\n');
  });

  it('expect no reply when they are quiet', () => {
    expect(parseTyped('mg k q')).toMatchObject({ command: { reply: 'silent' } });
    expect(parseTyped('md k q')).toMatchObject({ command: { reply: 'silent' } });
  });
});

describe('replies to meta commands', () => {
  const read = (...chunks: string[]) => {
    const reader = new TextReplyReader('item');
    return chunks.map((chunk) => reader.push(Buffer.from(chunk, 'latin1'))?.parts.map(text) ?? null);
  };

  it('end with their line, or with their value', () => {
    expect(read('HD t30\r\n')).toEqual([['HD t30']]);
    expect(read('EN\r', '\n')).toEqual([null, ['EN']]);
    expect(read('CLIENT_ERROR invalid flag\r\n')).toEqual([['CLIENT_ERROR invalid flag']]);
    expect(read('VA 4 W\r\na\r', '\nb\r\n')).toEqual([null, ['VA 4 W', 'a\r\nb']]);
  });
});
