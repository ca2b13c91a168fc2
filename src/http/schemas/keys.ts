import { HEADERS } from '../request-headers.ts';
import { described, type Schema, TEXT } from './schema.ts';

/** An unsigned number of 64 bits, which JSON's numbers have no room for. */
export const U64: Schema = { type: 'string', pattern: '^[0-9]{1,20}$' };

/** The headers themselves are checked where they are read, since their errors have codes of their own. */
function headers(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', properties };
}

const SESSION_HEADERS = {
  [HEADERS.session]: described(
    'the token of a session, or "new" to begin one; the answer has the token',
    TEXT,
  ),
  [HEADERS.timeout]: described(
    'the answer comes within so many milliseconds, or within request_timeout',
    TEXT,
  ),
};

const LIFE_HEADERS = {
  [HEADERS.flags]: described('32 bits without a meaning to the cluster', TEXT),
  [HEADERS.ttl]: described('seconds until the entry expires; absent for never', TEXT),
};

const MATCH_HEADERS = {
  'if-match': described('the write happens only if the entry has this ETag, or with * if there is one', TEXT),
};

export const READ_HEADERS = headers({
  ...SESSION_HEADERS,
  [HEADERS.level]: described('a weaker level than that of the keyspace', TEXT),
  [HEADERS.maxStale]: described('the oldest state that the read accepts, in milliseconds', TEXT),
  'if-none-match': described('304 if the entry has this ETag', TEXT),
});

export const WRITE_HEADERS = headers(SESSION_HEADERS);
export const TTL_HEADERS = headers({ ...SESSION_HEADERS, [HEADERS.ttl]: LIFE_HEADERS[HEADERS.ttl]! });
export const CONDITION_HEADERS = headers({ ...SESSION_HEADERS, ...MATCH_HEADERS });
export const ENTRY_HEADERS = headers({
  ...SESSION_HEADERS,
  ...LIFE_HEADERS,
  ...MATCH_HEADERS,
  'if-none-match': described('* stores only if the key has no entry', TEXT),
});

/** Any bytes. */
export const VALUE: Schema = {
  description: 'the value',
  content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
};

export const NO_BODY: Schema = { type: 'null', description: 'no body' };
