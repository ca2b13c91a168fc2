import { describe, expect, it } from 'vitest';
import { exitCodeOf, jsonOf, outputOf } from '../../../../src/cli/client/reply-output.ts';
import type { ReplyParts } from '../../../../src/cli/client/text-reply-reader.ts';

const reply = (...parts: string[]): ReplyParts => ({
  parts: parts.map((part) => Buffer.from(part, 'latin1')),
  failed: /^(ERROR|CLIENT_ERROR|SERVER_ERROR)/.test(parts.at(-1) ?? ''),
});

describe('the exit code', () => {
  it.each([
    [['STORED'], 0],
    [['VALUE k 0 1', 'x', 'END'], 0],
    [['VA 1', 'x'], 0],
    [['VA 0', ''], 0],
    [['HD'], 0],
    [['6'], 0],
    [['STAT pid 1', 'END'], 0],
    [[], 0],
    [['END'], 4],
    [['EN'], 4],
    [['EN s7'], 4],
    [['NOT_FOUND'], 4],
    [['NOT_STORED'], 4],
    [['EXISTS'], 4],
    [['NS O7'], 4],
    [['ERROR'], 1],
    [['SERVER_ERROR no majority'], 1],
  ])('of %j is %i', (parts, code) => {
    expect(exitCodeOf(reply(...parts))).toBe(code);
  });
});

describe('--raw', () => {
  it.each([
    [['VALUE k 0 5', 'a\r\nb\xff', 'VALUE l 0 0', '', 'END'], 'a\r\nb\xff\n\n'],
    [['VA 1 f0', 'x'], 'x\n'],
    [['END'], ''],
    [['STORED'], 'STORED\n'],
    [['STAT a 1', 'END'], 'STAT a 1\n'],
  ])('of %j', (parts, shown) => {
    expect(outputOf(reply(...parts), 'raw').toString('latin1')).toBe(shown);
  });
});

describe('--json', () => {
  it.each([
    [['VALUE k 3 2', 'hi', 'END'], { hits: [{ key: 'k', flags: 3, value: 'hi' }] }],
    [
      ['VALUE k 3 2 77', '\xff\xfe', 'END'],
      { hits: [{ key: 'k', flags: 3, cas: '77', valueBase64: '//4=' }] },
    ],
    [['END'], { hits: [], miss: true }],
    [['VA 2 f0 t-1', 'hi'], { item: { flags: ['f0', 't-1'], value: 'hi' } }],
    [['EN'], { status: 'EN', miss: true }],
    [['HD c12'], { status: 'HD', words: ['c12'] }],
    [['STORED'], { status: 'STORED' }],
    [['NOT_FOUND'], { status: 'NOT_FOUND', miss: true }],
    [['18446744073709551615'], { value: '18446744073709551615' }],
    [['STAT pid 7', 'STAT level eventual', 'END'], { stats: { pid: '7', level: 'eventual' } }],
    [['{"controller":0}', 'END'], { result: { controller: 0 } }],
    [['a', 'b', 'END'], { lines: ['a', 'b'] }],
    [['ERROR'], { error: 'ERROR', message: '' }],
    [['SERVER_ERROR no majority'], { error: 'SERVER_ERROR', message: 'no majority' }],
  ])('of %j', (parts, json) => {
    expect(jsonOf(reply(...parts))).toEqual(json);
  });

  it('is one line, whatever the value holds', () => {
    const shown = outputOf(reply('VALUE k 0 3', 'a\nb', 'END'), 'json').toString();
    expect(shown.indexOf('\n')).toBe(shown.length - 1);
  });
});
