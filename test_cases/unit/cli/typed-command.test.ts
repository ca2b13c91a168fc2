import { describe, expect, it } from 'vitest';
import { clientHelp } from '../../../src/cli/client/client-help.ts';
import { quote, unquote } from '../../../src/cli/client/quoting.ts';
import { parseTyped } from '../../../src/cli/client/typed-command.ts';

function wire(line: string): string {
  const typed = parseTyped(line);
  if (typed.kind !== 'complete') throw new Error(`not complete: ${typed.kind}`);
  return typed.command.bytes.toString('latin1');
}

describe('a typed command', () => {
  it.each([
    ['get k', 'get k\r\n'],
    ['  get   a b ', 'get a b\r\n'],
    ['set k hello', 'set k 0 0 5\r\nhello\r\n'],
    ['set k hello  there', 'set k 0 0 12\r\nhello  there\r\n'],
    ['set k "hello world"', 'set k 0 0 11\r\nhello world\r\n'],
    ["add k 'it is'", 'add k 0 0 5\r\nit is\r\n'],
    ['set k ""', 'set k 0 0 0\r\n\r\n'],
    ['set k "a\\n\\x00\\"b"', 'set k 0 0 5\r\na\n\0"b\r\n'],
    ['set k 5', 'set k 0 0 1\r\n5\r\n'],
    ['set k "0 0 5"', 'set k 0 0 5\r\n0 0 5\r\n'],
    ['append k  x', 'append k 0 0 1\r\nx\r\n'],
    ['set k 0 0 5 hello', 'set k 0 0 5\r\nhello\r\n'],
    ['set k 7 -1 7  spaced', 'set k 7 -1 7\r\n spaced\r\n'],
    ['set k 0 0 5 "hello"', 'set k 0 0 5\r\nhello\r\n'],
    ['set k 0 0 7 "hello"', 'set k 0 0 7\r\n"hello"\r\n'],
    ['set k 0 0 2 noreply hi', 'set k 0 0 2 noreply\r\nhi\r\nversion\r\n'],
    ['cas k 0 0 2 99 hi', 'cas k 0 0 2 99\r\nhi\r\n'],
    ['delete k noreply', 'delete k noreply\r\nversion\r\n'],
    ['get noreply', 'get noreply\r\n'],
  ])('%s', (line, bytes) => {
    expect(wire(line)).toBe(bytes);
  });

  it.each([
    ['set k 0 0 5', 5, 'set k 0 0 5\r\nabcde\r\n'],
    ['set k 0 0 5 noreply', 5, 'set k 0 0 5 noreply\r\nabcde\r\nversion\r\n'],
    ['cas k 0 0 5 12', 5, 'cas k 0 0 5 12\r\nabcde\r\n'],
  ])('%s waits for its value', (line, valueBytes, bytes) => {
    const typed = parseTyped(line);
    if (typed.kind !== 'value_follows') throw new Error(typed.kind);
    expect(typed.valueBytes).toBe(valueBytes);
    expect(typed.complete(Buffer.from('abcde')).bytes.toString()).toBe(bytes);
  });

  it.each([
    ['set k', 'usage: set <key> <value>'],
    ['set', 'usage: set'],
    ['set k 0 0 4 hello', 'the value has 5 bytes, but 4 are announced; nothing was sent'],
    ['cas k 0 0 5', 'usage: cas'],
    ['cas k 0 0 x 1', 'usage: cas'],
    ['set k 0 0 99999999999', 'usage: set'],
    ['set k "open', 'is not closed'],
    ['set k "a" b', 'more behind the closing'],
  ])('%s is refused before it is sent', (line, message) => {
    expect(() => parseTyped(line)).toThrow(message);
  });

  it('counts as a write when its outcome may be unknown', () => {
    const writes = (line: string) => {
      const typed = parseTyped(line);
      return typed.kind === 'complete' && typed.command.writes;
    };
    expect(['set k 1', 'incr k 1', 'gat 0 k', 'flush_all', 'unheard of'].map(writes)).not.toContain(false);
    expect(['get k', 'gets k', 'stats', 'who', 'show'].map(writes)).not.toContain(true);
  });

  it('is quit in one word', () => {
    expect(parseTyped('quit').kind).toBe('quit');
  });
});

it('unquote reverses quote', () => {
  for (const value of ['', 'plain', ' "x" \\ \n\r\t\0 ', "'"]) expect(unquote(quote(value))).toBe(value);
});

describe('help and completion', () => {
  it('come from the table of commands', () => {
    expect(clientHelp('')).toContain('flush_all');
    expect(clientHelp('set')).toContain('set <key> <value>');
    expect(clientHelp('shwo')).toContain('did you mean "show"?');
  });
});
