import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { typedKey, unquote } from '../../../../src/cli/client/quoting.ts';
import { parseTyped } from '../../../../src/cli/client/typed-command.ts';
import { typedWords } from '../../../../src/cli/client/words.ts';

function wire(line: string): string {
  const typed = parseTyped(line);
  if (typed.kind !== 'complete') throw new Error(`not complete: ${typed.kind}`);
  return typed.command.bytes.toString('latin1');
}

const B64 = Buffer.from('a b').toString('base64');

describe('quoting of keys', () => {
  it.each([
    ['get "k"', 'get k\r\n'],
    ["get 'k' other", 'get k other\r\n'],
    ['get "\\x6b"', 'get k\r\n'],
    ['get a"b', 'get a"b\r\n'],
    ['get "a b"', `mg ${B64} b f v\r\n`],
    ['gets "a b"', `mg ${B64} b c f v\r\n`],
    ['gat 60 "a b"', `mg ${B64} b f v T60\r\n`],
    ['delete "a b"', `md ${B64} b\r\n`],
    ['incr "a b" 5', `ma ${B64} b D5 v\r\n`],
    ['decr "a b" 5', `ma ${B64} b MD D5 v\r\n`],
    ['touch "a b" 60', `mg ${B64} b T60\r\n`],
    ['mg "a b" v t', `mg ${B64} b v t\r\n`],
    ['me "a b"', `me ${B64} b\r\n`],
    ['set "a b" hello', `ms ${B64} 5 b\r\nhello\r\n`],
    ['set "a b" "x y"', `ms ${B64} 3 b\r\nx y\r\n`],
    ['add "a b" 7 60 2 xy', `ms ${B64} 2 b F7 T60 ME\r\nxy\r\n`],
    ['set "k" hello  there', 'set k 0 0 12\r\nhello  there\r\n'],
  ])('%s', (line, bytes) => {
    expect(wire(line)).toBe(bytes);
  });

  it('says what was sent in place of the line', () => {
    const typed = parseTyped('get "a b"');
    expect(typed.kind === 'complete' && typed.command.sentAs).toBe(`mg ${B64} b f v`);
    const plain = parseTyped('get "ab"');
    expect(plain.kind === 'complete' && plain.command.sentAs).toBe(undefined);
  });

  it.each([
    ['get "a', 'the quote " is not closed'],
    ['get "a"b', 'there is more behind the closing "'],
    ['get ""', 'at least one character'],
    ['set "" x', 'at least one character'],
    ['get "a b" c', 'one at a time'],
    ['cas "a b" 0 0 1 7 x', 'takes no key with spaces'],
    ['set "k"', 'usage: set'],
  ])('%s is refused', (line, message) => {
    expect(() => wire(line)).toThrow(message);
  });

  it('a key as it has to be typed is read back as the same key', () => {
    const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.string({ unit: byte, minLength: 1 }), (key) => {
        const typed = typedKey(key);
        expect(typed).toMatch(/^[ -~]+$/);
        expect(typedWords(typed)).toMatchObject([{ text: key }]);
        expect(typed.startsWith('"') ? unquote(typed) : typed).toBe(key);
      }),
    );
  });
});
