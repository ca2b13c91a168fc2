import { describe, expect, it } from 'vitest';
import { ITEM_BYTES_DEFAULT, LINE_BYTES_MAX, SHORT_LINE_BYTES_MAX } from '../../../src/protocol/limits.ts';
import { arithmeticRequest, deleteRequest } from '../../../src/protocol/make-request.ts';
import type { Request } from '../../../src/protocol/request.ts';
import { TextProtocolDecoder } from '../../../src/protocol/text-decoder.ts';
import { cutEach, decodePieces, drain } from '../../support/decode.ts';

const decode = (input: string, itemBytesMax = ITEM_BYTES_DEFAULT) =>
  decodePieces([Buffer.from(input, 'latin1')], itemBytesMax);

const value = (text: string) => Buffer.from(text, 'latin1');
const store = {
  kind: 'storage',
  verb: 'set',
  key: 'k',
  flags: 0,
  exptime: 0,
  compare: null,
  newToken: null,
  wantsToken: false,
  invalidate: false,
  vivify: null,
  noreply: false,
} as const;
const closed = (line: string) => [{ kind: 'invalid', line, fatal: true, noreply: false }];

const WELL_FORMED: readonly (readonly [string, Request])[] = [
  ['get k\r\n', { kind: 'get', keys: ['k'], withCas: false }],
  ['gets a b\r\n', { kind: 'get', keys: ['a', 'b'], withCas: true }],
  ['gat 10 a b\r\n', { kind: 'gat', keys: ['a', 'b'], withCas: false, exptime: 10 }],
  ['gats -1 a\r\n', { kind: 'gat', keys: ['a'], withCas: true, exptime: -1 }],
  ['set k 1 2 3\r\na\r\n\r\n', { ...store, flags: 1, exptime: 2, value: value('a\r\n') }],
  ['add k 0 0 0 noreply\r\n\r\n', { ...store, verb: 'add', value: value(''), noreply: true }],
  ['replace \xff 0 0 1\r\n\xfe\r\n', { ...store, verb: 'replace', key: '\xff', value: value('\xfe') }],
  ['append k 0 0 1\r\n\n\r\n', { ...store, verb: 'append', value: value('\n') }],
  ['prepend k 0 0 1\r\n\0\r\n', { ...store, verb: 'prepend', value: value('\0') }],
  [
    'cas k 0 0 1 18446744073709551615\r\nx\r\n',
    { ...store, verb: 'cas', value: value('x'), compare: 2n ** 64n - 1n },
  ],
  ['incr k 5\r\n', arithmeticRequest('incr', 'k', 5n)],
  ['decr k 1 noreply\r\n', arithmeticRequest('decr', 'k', 1n, true)],
  ['touch k 1790000000\r\n', { kind: 'touch', key: 'k', exptime: 1_790_000_000, noreply: false }],
  ['delete k 0 noreply\r\n', deleteRequest('k', true)],
  ['flush_all\r\n', { kind: 'flush_all', delay: 0, noreply: false }],
  ['flush_all 10 noreply\r\n', { kind: 'flush_all', delay: 10, noreply: true }],
  ['flush_all -10\r\n', { kind: 'flush_all', delay: 0, noreply: false }],
  ['version\r\n', { kind: 'version' }],
  ['verbosity 1\r\n', { kind: 'verbosity', noreply: false }],
  ['stats\r\n', { kind: 'stats', words: [] }],
  ['stats detail on\r\n', { kind: 'stats', words: ['detail', 'on'] }],
  ['show\r\n', { kind: 'show', what: 'cluster', format: 'table' }],
  ['show json\r\n', { kind: 'show', what: 'cluster', format: 'json' }],
  ['show requests\r\n', { kind: 'show', what: 'requests', format: 'table' }],
  ['show requests json\r\n', { kind: 'show', what: 'requests', format: 'json' }],
  [
    'show xml\r\n',
    {
      kind: 'invalid',
      line: 'CLIENT_ERROR usage: show [requests] [json]; of the whole cluster: main.ts status',
      fatal: false,
      noreply: false,
    },
  ],
  ['slowlog\r\n', { kind: 'slowlog', what: 'list', count: null, format: 'table' }],
  ['slowlog 10\r\n', { kind: 'slowlog', what: 'list', count: 10, format: 'table' }],
  ['slowlog 10 json\r\n', { kind: 'slowlog', what: 'list', count: 10, format: 'json' }],
  ['slowlog reset\r\n', { kind: 'slowlog', what: 'reset', count: null, format: 'table' }],
  ...['slowlog 0', 'slowlog x', 'slowlog 1 2', 'slowlog reset json'].map(
    (line): readonly [string, Request] => [
      `${line}\r\n`,
      {
        kind: 'invalid',
        line: 'CLIENT_ERROR usage: slowlog [<count>|reset] [json]; the count is 1 or more',
        fatal: false,
        noreply: false,
      },
    ],
  ),
  ['who\r\n', { kind: 'who' }],
  ['quit\r\n', { kind: 'quit' }],
];

describe('requests', () => {
  it.each(WELL_FORMED)('%j', (input, expected) => {
    expect(decode(input)).toEqual([expected]);
    expect(decodePieces(cutEach(value(input), 1), ITEM_BYTES_DEFAULT)).toEqual([expected]);
  });

  it('come in order, and none comes after quit', () => {
    expect(decode('who\r\nget a\r\nquit\r\nwho\r\n').map(({ kind }) => kind)).toEqual(['who', 'get', 'quit']);
  });

  it('may name any number of keys', () => {
    const keys = Array.from({ length: 5000 }, (_, at) => `key${at}`);
    expect(decode(`get ${keys.join(' ')}\r\n`)).toEqual([{ kind: 'get', keys, withCas: false }]);
    expect(decode(`gat 0 ${keys.join(' ')}\r\n`)).toMatchObject([{ kind: 'gat', keys }]);
  });
});

describe('values', () => {
  it('are views of the chunk that they lie in', () => {
    const chunk = value('set k 0 0 5\r\nhello\r\n');
    const [request] = decodePieces([chunk], ITEM_BYTES_DEFAULT);
    chunk.write('J', 13);
    expect(request).toMatchObject({ value: value('Jello') });
  });

  it('are views of the chunk even if their header came before', () => {
    const chunk = value('hello\r\n');
    const [request] = decodePieces([value('set k 0 0 5\r\n'), chunk], ITEM_BYTES_DEFAULT);
    chunk.write('J');
    expect(request).toMatchObject({ value: value('Jello') });
  });

  it('are gathered in memory of their size if they span chunks', () => {
    const decoder = new TextProtocolDecoder({ itemBytesMax: ITEM_BYTES_DEFAULT });
    decoder.push(value('set k 0 0 1000\r\nv'));
    expect(decoder.next()).toBeNull();
    expect(decoder.bufferedBytes).toBe(1002);
    decoder.push(value(`${'v'.repeat(999)}\r\nwho\r\n`));
    expect(drain(decoder)).toEqual([{ ...store, value: value('v'.repeat(1000)) }, { kind: 'who' }]);
    expect(decoder.bufferedBytes).toBe(0);
  });

  it('are skipped without being kept if they are too large', () => {
    const decoder = new TextProtocolDecoder({ itemBytesMax: 1000 });
    decoder.push(value('add k 0 0 2147483645\r\nvvv'));
    expect(decoder.next()).toMatchObject({ line: 'SERVER_ERROR object too large for cache', fatal: false });
    for (let chunk = 0; chunk < 100; chunk++) {
      decoder.push(Buffer.alloc(100_000));
      expect(decoder.next()).toBeNull();
      expect(decoder.bufferedBytes).toBe(0);
    }
  });

  it('of a set that are too large remove the old entry first', () => {
    expect(decode(`set k 0 0 1000 noreply\r\n${'v'.repeat(1000)}\r\nwho\r\n`, 500)).toEqual([
      { ...deleteRequest('k', true), unasked: true },
      { kind: 'invalid', line: 'SERVER_ERROR object too large for cache', fatal: false, noreply: true },
      { kind: 'who' },
    ]);
  });
});

describe('a line that is too long', () => {
  const limits: readonly (readonly [string, string, number, string])[] = [
    ['any', 'foo ', SHORT_LINE_BYTES_MAX, ''],
    ['get', 'get ', LINE_BYTES_MAX, 'CLIENT_ERROR line too long'],
    ['gats', '  gats 0 ', LINE_BYTES_MAX, 'CLIENT_ERROR line too long'],
  ];

  it.each(limits)('%s', (_, start, bytesMax, line) => {
    const longest = `${start}${'k'.repeat(bytesMax - start.length)}`;
    expect(decode(longest)).toEqual([]);
    expect(decode(`${longest}\nwho\n`)).toMatchObject([{ fatal: false }, { kind: 'who' }]);
    for (const size of [1000, 2 * LINE_BYTES_MAX]) {
      expect(decodePieces(cutEach(value(`${longest}k`), size), 1000)).toEqual(closed(line));
      expect(decodePieces(cutEach(value(`${longest}k\nwho\n`), size), 1000)).toEqual(closed(line));
    }
  });

  it('ends the stream: nothing is read or kept after it', () => {
    const decoder = new TextProtocolDecoder({ itemBytesMax: 1000 });
    decoder.push(value('x'.repeat(5000)));
    decoder.push(value('who\r\n'));
    expect(drain(decoder)).toEqual(closed(''));
    decoder.push(value('who\r\n'));
    expect(decoder.next()).toBeNull();
    expect(decoder.bufferedBytes).toBe(0);
  });
});
