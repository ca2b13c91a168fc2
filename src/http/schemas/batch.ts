import { OPERATIONS } from '../batch-operations.ts';
import { U64 } from './keys.ts';
import { COUNT, described, listOf, object, oneOf, TEXT, YES_OR_NO } from './schema.ts';

/** Most operations of a batch. */
export const OPERATIONS_MAX = 1_000;

const OPTIONAL = ['value', 'valueBase64', 'flags', 'ttlSeconds', 'token', 'by', 'initial'];

export const BATCH = object({
  operations: {
    ...listOf(
      object(
        {
          op: oneOf(...OPERATIONS),
          key: described('as in a path: % and two digits stand for a byte', TEXT),
          value: described('text, stored as UTF-8', TEXT),
          valueBase64: { type: 'string', pattern: '^[A-Za-z0-9+/]*={0,2}$', description: 'any bytes' },
          flags: { ...COUNT, maximum: 4_294_967_295 },
          ttlSeconds: { type: 'integer', minimum: 1, maximum: 10_000_000_000 },
          token: { ...U64, description: 'set and delete: only if the entry has this token' },
          by: { ...U64, description: 'increment and decrement; 1 without it' },
          initial: { ...U64, description: 'increment and decrement: the number of a key without an entry' },
        },
        OPTIONAL,
      ),
    ),
    minItems: 1,
    maxItems: OPERATIONS_MAX,
  },
});

const RESULT_FIELDS = {
  status: described('what a request for this operation alone would be answered with', COUNT),
  code: TEXT,
  detail: TEXT,
  mayHaveHappened: YES_OR_NO,
  token: described('the ETag without its quotes', U64),
  flags: COUNT,
  ttlSeconds: COUNT,
  value: described('if the value is text in UTF-8', TEXT),
  valueBase64: described('if it is not', TEXT),
  number: U64,
};

/** One result for each operation, in their order. */
export const BATCH_RESULTS = object({
  results: listOf(
    object(
      RESULT_FIELDS,
      Object.keys(RESULT_FIELDS).filter((name) => name !== 'status'),
    ),
  ),
});
