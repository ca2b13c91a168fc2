import { describe, expect, it } from 'vitest';
import { decide, needsValue } from '../../../src/consistency/decide.ts';
import { DIFFERENCE_LIMITS } from '../../../src/consistency/differences.ts';
import { casOfVersion } from '../../../src/ordering/version.ts';
import { ALREADY_EXPIRED, NEVER } from '../../../src/protocol/expiry.ts';
import { ITEM_BYTES_DEFAULT, ITEM_OVERHEAD_BYTES } from '../../../src/protocol/limits.ts';
import { arithmeticRequest, storageRequest } from '../../../src/protocol/make-request.ts';
import type {
  ArithmeticRequest,
  ConditionalRequest,
  StorageRequest,
  StorageVerb,
} from '../../../src/protocol/request.ts';
import type { Evaluation, ExistingEntry } from '../../../src/replication/evaluation.ts';

/** The answers of memcached 1.6.18, and the values that it holds afterwards, were recorded from a memcached. */

const NOW_MS = 1_800_000_000_000;

const FOUND: ExistingEntry = {
  version: { time: 77, node: 1 },
  flags: 9,
  expiresAtMs: NOW_MS + 5000,
  token: null,
  marks: 0,
  readAtSec: 0,
  value: Buffer.from('old'),
  base: null,
};

const store = (verb: StorageVerb, fields: Partial<StorageRequest> = {}): StorageRequest => ({
  ...storageRequest(verb, 'k', 3, 10, Buffer.from('new')),
  ...fields,
});

const arithmetic = (verb: 'incr' | 'decr', delta: bigint): ArithmeticRequest =>
  arithmeticRequest(verb, 'k', delta);

const holding = (value: string): ExistingEntry => ({ ...FOUND, value: Buffer.from(value, 'latin1') });

function decided(request: ConditionalRequest, found: ExistingEntry | null): Evaluation {
  return decide(request, found, {
    nowMs: NOW_MS,
    itemBytesMax: ITEM_BYTES_DEFAULT,
    differences: DIFFERENCE_LIMITS,
  });
}

/** The answer as one word, and the value that the key holds afterwards; null if nothing changes. */
function summary({ reply: replyTo, change }: Evaluation): [string, string | null] {
  const reply = replyTo({ time: 78, node: 1 });
  let word: string = reply.kind;
  if (reply.kind === 'outcome') word = reply.outcome;
  if (reply.kind === 'number') word = `${reply.value}`;
  if (reply.kind === 'client_error' || reply.kind === 'server_error') word = reply.reason;
  return [word, change?.kind === 'set' ? (change.value?.toString('latin1') ?? null) : null];
}

const CAS = casOfVersion(FOUND.version);

describe('a conditional storage request', () => {
  it.each([
    ['set', null, ['stored', 'new']],
    ['set', FOUND, ['stored', 'new']],
    ['add', null, ['stored', 'new']],
    ['add', FOUND, ['not_stored', null]],
    ['replace', null, ['not_stored', null]],
    ['replace', FOUND, ['stored', 'new']],
    ['append', null, ['not_stored', null]],
    ['append', FOUND, ['stored', 'oldnew']],
    ['prepend', null, ['not_stored', null]],
    ['prepend', FOUND, ['stored', 'newold']],
  ] as const)('%s on %o is %o', (verb, found, expected) => {
    expect(summary(decided(store(verb), found))).toEqual(expected);
  });

  it.each([
    [CAS, FOUND, ['stored', 'new']],
    [CAS + 1n, FOUND, ['exists', null]],
    [0n, FOUND, ['exists', null]],
    [CAS, null, ['not_found', null]],
    [0n, null, ['not_found', null]],
  ] as const)('cas with token %s on %o is %o', (compare, found, expected) => {
    expect(summary(decided(store('cas', { compare }), found))).toEqual(expected);
  });

  it('takes flags and expiry from the request; append and prepend take them from the entry', () => {
    const whole = decided(store('replace'), FOUND).change;
    expect(whole).toMatchObject({ flags: 3, expiresAtMs: NOW_MS + 10_000 });
    const part = decided(store('append'), FOUND).change;
    expect(part).toMatchObject({ flags: 9, expiresAtMs: FOUND.expiresAtMs });
  });

  it.each([
    [0, NEVER],
    [-1, ALREADY_EXPIRED],
    [2_592_000, NOW_MS + 2_592_000_000],
    [2_592_001, 2_592_001_000],
  ])('of exptime %d expires at %d', (exptime, expiresAtMs) => {
    expect(decided(store('set', { exptime }), null).change).toMatchObject({ expiresAtMs });
  });

  it.each(['append', 'prepend'] as const)('regression: %s beyond the item limit was an error', (verb) => {
    const limit = ITEM_BYTES_DEFAULT - ITEM_OVERHEAD_BYTES - 'k'.length;
    const large = { ...FOUND, flags: 0, value: Buffer.alloc(limit - 3, 'x') };
    expect(decided(store(verb), large).change).toMatchObject({ value: { length: limit } });
    const larger = { ...large, value: Buffer.alloc(limit - 2, 'x') };
    expect(summary(decided(store(verb), larger))).toEqual(['not_stored', null]);
  });
});

describe('arithmetic', () => {
  const NON_NUMERIC = 'cannot increment or decrement non-numeric value';
  const MAX = '18446744073709551615';

  it.each([
    ['5', '6', '6'],
    ['99', '100', '100'],
    [MAX, '0', '0'.padEnd(20)],
    ['  12', '13', '13  '],
    ['\t12', '13', '13 '],
    ['\n12', '13', '13 '],
    ['12 ', '13', '13 '],
    ['12 abc', '13', '13    '],
    ['12\t34', '13', '13   '],
    ['12\x0034', '13', '13   '],
    ['+12', '13', '13 '],
    ['-0', '1', '1 '],
    [`-${MAX}`, '2', '2'.padEnd(21)],
    ['00012', '13', '13   '],
    [`${'0'.repeat(25)}7`, '8', '8'.padEnd(26)],
    [`5${' '.repeat(40)}`, '6', '6'.padEnd(41)],
    ['9 -', '10', '10 '],
    ['9223372036854775808\x00-', '9223372036854775809', '9223372036854775809'.padEnd(21)],
  ])('incr of %j by 1 is %s, and leaves %j', (value, answer, left) => {
    expect(summary(decided(arithmetic('incr', 1n), holding(value)))).toEqual([answer, left]);
  });

  it.each([
    '',
    '   ',
    'abc',
    '12abc',
    '1.5',
    '0x10',
    '1e3',
    '-1',
    '- 1',
    '+-1',
    '\x0012',
    '18446744073709551616',
    '99999999999999999999',
    `${MAX} -`,
  ])('refuses %j as no number', (value) => {
    for (const verb of ['incr', 'decr'] as const) {
      expect(summary(decided(arithmetic(verb, 1n), holding(value)))).toEqual([NON_NUMERIC, null]);
    }
  });

  it.each([
    ['10', 6n, '4', '4 '],
    ['5', 6n, '0', '0'],
    ['5', 5n, '0', '0'],
    [MAX, 6n, '18446744073709551609', '18446744073709551609'],
    ['100', 18446744073709551615n, '0', '0  '],
  ])('decr of %j by %d is %s, and leaves %j', (value, delta, answer, left) => {
    expect(summary(decided(arithmetic('decr', delta), holding(value)))).toEqual([answer, left]);
  });

  it('wraps at 64 bits', () => {
    const request = arithmetic('incr', 18446744073709551615n);
    expect(summary(decided(request, holding(MAX)))[0]).toBe('18446744073709551614');
  });

  it('keeps flags and expiry, and is answered with not_found if there is no entry', () => {
    const { change } = decided(arithmetic('incr', 1n), holding('1'));
    expect(change).toMatchObject({ flags: 9, expiresAtMs: FOUND.expiresAtMs });
    expect(summary(decided(arithmetic('decr', 1n), null))).toEqual(['not_found', null]);
  });
});

describe('a touch', () => {
  it.each(['touch', 'gat-one'] as const)('by %s changes only the expiry', (kind) => {
    const request = { kind, key: 'k', exptime: -1, noreply: false };
    expect(summary(decided(request, FOUND))).toEqual(['touched', 'old']);
    expect(decided(request, FOUND).change).toEqual({
      kind: 'set',
      flags: 9,
      expiresAtMs: ALREADY_EXPIRED,
      marks: 0,
      token: CAS,
      value: FOUND.value,
    });
    expect(summary(decided(request, null))).toEqual(['not_found', null]);
  });
});

describe('the value of an entry', () => {
  it('is needed only by requests that look at it', () => {
    const verbs = ['set', 'add', 'replace', 'cas', 'append', 'prepend'] as const;
    expect(verbs.filter((verb) => needsValue(store(verb)))).toEqual(['append', 'prepend']);
    expect(needsValue(arithmetic('incr', 1n))).toBe(true);
    expect(needsValue({ kind: 'touch', key: 'k', exptime: 0, noreply: false })).toBe(true);
  });
});
