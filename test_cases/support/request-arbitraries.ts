import fc from 'fast-check';
import { ERRORS, type ErrorCode } from '../../src/base/error-codes.ts';
import type { EntryReply } from '../../src/protocol/reply.ts';
import type { ConditionalRequest } from '../../src/protocol/request.ts';
import type { Asked, ConditionVerdict } from '../../src/replication/asked.ts';

/** Arbitrary requests that controllers carry to each other, and the replies. */

const byte = fc.nat({ max: 255 });
const u32 = fc.nat({ max: 2 ** 32 - 1 });
const u53 = fc.maxSafeNat();
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const latin1 = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const values = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
/** From a client: 32 bits with a sign, or without one. */
const seconds = fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 });
const tokens = { compare: fc.option(u64), newToken: fc.option(u64), wantsToken: fc.boolean() };

const requests: fc.Arbitrary<ConditionalRequest> = fc.oneof(
  fc.record({
    kind: fc.constant('storage' as const),
    verb: fc.constantFrom('set', 'add', 'replace', 'append', 'prepend', 'cas'),
    key: latin1,
    flags: u32,
    exptime: seconds,
    value: values,
    ...tokens,
    invalidate: fc.boolean(),
    vivify: fc.option(seconds),
    noreply: fc.constant(false),
  }),
  fc.record({
    kind: fc.constant('arithmetic' as const),
    verb: fc.constantFrom('incr', 'decr'),
    key: latin1,
    delta: u64,
    ...tokens,
    initial: fc.option(fc.record({ value: u64, exptime: seconds })),
    touch: fc.option(seconds),
    noreply: fc.constant(false),
  }),
  fc.record({
    kind: fc.constant('touch' as const),
    key: latin1,
    exptime: seconds,
    noreply: fc.constant(false),
  }),
  fc.record({ kind: fc.constant('gat-one' as const), key: latin1, exptime: seconds }),
  fc.record({
    kind: fc.constant('delete' as const),
    key: latin1,
    ...tokens,
    invalidate: fc.boolean(),
    dropValue: fc.boolean(),
    touch: fc.option(seconds),
    noreply: fc.constant(false),
  }),
  fc.record(
    {
      kind: fc.constant('read_item' as const),
      key: latin1,
      touch: fc.option(seconds),
      vivify: fc.option(seconds),
      recacheBelow: fc.option(fc.oneof(seconds, fc.constant(Number.POSITIVE_INFINITY))),
      countsAsRead: fc.boolean(),
      onlyLooks: fc.constant(true as const),
    },
    { requiredKeys: ['kind', 'key', 'touch', 'vivify', 'recacheBelow', 'countsAsRead'] },
  ),
);

export const asked: fc.Arbitrary<Asked> = fc.record({
  request: requests,
  lastRead: fc.option(
    fc.record({ version: fc.record({ time: u53.filter((time) => time > 0), node: byte }), atSec: u53 }),
  ),
});

const ttls = fc.oneof(fc.constant(-1), u53);
/** As a controller sends them: printable. */
const reasons = fc.string({ maxLength: 40 }).filter((text) => /^[\x20-\x7e]*$/.test(text));
const codes = fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[]));

const replies: fc.Arbitrary<EntryReply> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('outcome' as const),
      outcome: fc.constantFrom('stored', 'not_stored', 'exists', 'not_found', 'deleted', 'touched', 'ok'),
      cas: u64,
      valueBytes: u53,
    },
    { requiredKeys: ['kind', 'outcome'] },
  ),
  fc.record({
    kind: fc.constant('number' as const),
    value: u64,
    cas: u64,
    ttl: ttls,
    ttlBefore: fc.option(ttls),
    atMs: u53,
  }),
  fc.record({
    kind: fc.constant('item' as const),
    item: fc.record({
      key: latin1,
      flags: u32,
      value: values,
      cas: u64,
      ttl: ttls,
      ttlBefore: fc.option(ttls),
      atMs: u53,
      hitBefore: fc.boolean(),
      idleSeconds: u53,
      stale: fc.boolean(),
      taken: fc.boolean(),
      won: fc.boolean(),
    }),
  }),
  fc.record(
    { kind: fc.constant('client_error' as const), code: codes, reason: reasons },
    { requiredKeys: ['kind', 'reason'] },
  ),
  fc.record({ kind: fc.constant('server_error' as const), code: codes, reason: reasons }),
);

export const verdicts: fc.Arbitrary<ConditionVerdict> = fc.record({
  reply: replies,
  keepsReadTime: fc.boolean(),
});
