import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SHORT_LINE_BYTES_MAX } from '../../../src/protocol/limits.ts';
import { decodeKey, encodeKey } from '../../../src/protocol/meta/base64-key.ts';
import { MetaFlags, readFlags } from '../../../src/protocol/meta/meta-flags.ts';
import { TextProtocolDecoder } from '../../../src/protocol/text-decoder.ts';
import { TextLine } from '../../../src/protocol/text-line.ts';
import { cut, cutEach, decodePieces, drain } from '../../support/decode.ts';
import { META_CASES } from '../../support/meta-cases.ts';
import { numberWord, SMALL_ITEM_BYTES_MAX } from '../../support/text-arbitrary.ts';
import { signed, unsigned } from '../../support/twin-decoder.ts';
import { twinFlags, twinKey } from '../../support/twin-meta.ts';

const letter = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...'bcfhklqstuvxyACDEFGIJLMNOPRTY') },
  { weight: 1, arbitrary: fc.integer({ min: 0x21, max: 0xff }).map((byte) => String.fromCharCode(byte)) },
);
const token = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  { weight: 4, arbitrary: fc.integer({ min: -1, max: 99 }).map(String) },
  { weight: 1, arbitrary: numberWord.map((word) => word.replace(/[ \r\n]/g, '')) },
  { weight: 2, arbitrary: fc.constantFrom('A', 'E', 'S', 'x', 's', '+', '-', 'abc', 'o'.repeat(33)) },
);
const flag = fc.tuple(letter, token).map((parts) => parts.join(''));
/** Flags, mostly without repetition, so that many lines are accepted. */
const flags = fc.oneof(
  { weight: 4, arbitrary: fc.uniqueArray(flag, { maxLength: 8, selector: (word) => word[0] }) },
  { weight: 1, arbitrary: fc.array(flag, { maxLength: 17 }) },
);
const key = fc.constantFrom(
  'k',
  'Zm9v',
  'Zm8=',
  'Zg==',
  'AAEC/w==',
  'Z!m9v',
  'Z===',
  '=Zm9',
  'Zm9=Zm9v',
  'noreply',
);

const metaLine = fc
  .tuple(fc.constantFrom('mg', 'ms', 'md', 'ma', 'me', 'mn'), key, fc.integer({ min: 0, max: 20 }), flags)
  .map(([name, itsKey, bytes, words]) => {
    const value = name === 'ms' ? `${'v'.repeat(bytes)}\r\n` : '';
    return `${[name, itsKey, ...(name === 'ms' ? [bytes] : []), ...words].join(' ')}\r\n${value}`;
  });

const places = fc.array(fc.nat({ max: 500 }), { maxLength: 8 });

describe('readFlags', () => {
  it('agrees with its twin', () => {
    const line = new TextLine();
    fc.assert(
      fc.property(key, flags, (itsKey, words) => {
        const bytes = Buffer.from(['mg', itsKey, ...words].join(' '), 'latin1');
        line.read(bytes, 0, bytes.length);
        const read = new MetaFlags('mg');
        const error = readFlags(read, line, 2);
        const twin = twinFlags(itsKey, words);
        expect(error).toBe(twin.error);
        if (error !== null) return;
        const { tokens } = twin;
        const number = <T>(name: string, parse: (word: string) => T) =>
          tokens.has(name) ? parse(tokens.get(name)!) : null;
        expect(read).toMatchObject({
          key: twin.key,
          binaryKey: tokens.has('b'),
          quiet: tokens.has('q'),
          value: tokens.has('v'),
          invalidate: tokens.has('I'),
          dropValue: tokens.has('x'),
          touch: number('T', signed),
          vivify: number('N', signed),
          compare: number('C', unsigned),
          newToken: number('E', unsigned),
          delta: number('D', unsigned) ?? 1n,
          initial: number('J', unsigned) ?? 0n,
          clientFlags: Number((number('F', unsigned) ?? 0n) % 2n ** 32n),
          mode: (tokens.get('M') ?? '\0').charCodeAt(0),
          age: tokens.has('A') ? { maxMs: Number(unsigned(tokens.get('A')!)), servedMs: 0 } : null,
          level: tokens.has('G') ? { asked: tokens.get('G'), served: '' } : null,
          opaque: tokens.has('O') ? `O${tokens.get('O')}` : '',
          sessionToken: tokens.get('Y') ?? null,
          returns: [...tokens.keys()].filter((name) => 'stcflhyOkGA'.includes(name)).join(''),
        });
      }),
      { numRuns: 5000 },
    );
  });
});

describe('keys in base64', () => {
  const decode = (text: string) => decodeKey(Buffer.from(text, 'latin1'), 0, text.length);

  it('are decoded like the twin does, whatever they are', () => {
    const digits = fc.array(fc.constantFrom(...'AZaz09+/=!-'), { maxLength: 14 }).map((all) => all.join(''));
    fc.assert(
      fc.property(digits, (text) => {
        expect(decode(text)).toBe(twinKey(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('come back unchanged', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 180 }), (bytes) => {
        const itsKey = Buffer.from(bytes).toString('latin1');
        expect(decode(encodeKey(itsKey))).toBe(itsKey);
      }),
    );
  });
});

describe('meta commands', () => {
  it('are the same requests however the input is cut', () => {
    fc.assert(
      fc.property(fc.array(metaLine, { maxLength: 8 }), places, (lines, at) => {
        const bytes = Buffer.from(lines.join(''), 'latin1');
        const whole = decodePieces([bytes], SMALL_ITEM_BYTES_MAX);
        expect(decodePieces(cut(bytes, at), SMALL_ITEM_BYTES_MAX)).toEqual(whole);
        expect(decodePieces(cutEach(bytes, 1), SMALL_ITEM_BYTES_MAX)).toEqual(whole);
      }),
      { numRuns: 1500 },
    );
  });

  it('may be damaged, and at most a line or an item of them is buffered', () => {
    const inputs = META_CASES.map(({ input }) => input).filter((input) => input.length < 2000);
    const damage = fc.tuple(fc.constantFrom(...inputs), fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(damage, ([input, at, byte]) => {
        const decoder = new TextProtocolDecoder({ itemBytesMax: SMALL_ITEM_BYTES_MAX });
        const bytes = Buffer.from(input, 'latin1');
        bytes[at % bytes.length] = byte;
        decoder.push(bytes);
        drain(decoder);
        expect(decoder.bufferedBytes).toBeLessThanOrEqual(SHORT_LINE_BYTES_MAX);
      }),
      { numRuns: 3000 },
    );
  });
});
