import { keyOfUnicode, textOfKey } from '../key-text.ts';
import { HttpProblem } from '../problems.ts';
import { U64 } from '../schemas/keys.ts';
import { PROBLEM } from '../schemas/problem.ts';
import { COUNT, described, listOf, object, orNull, TEXT } from '../schemas/schema.ts';
import type { RouteGroup } from './route-group.ts';

const ENTRIES_SHOWN = 100;
const ENTRIES_MAX = 1_000;

const QUERY = object(
  {
    prefix: described('of the keys; % and two digits stand for a byte', TEXT),
    cursor: described('that of the page before', TEXT),
    limit: described(`entries at most, ${ENTRIES_SHOWN} without it`, {
      ...COUNT,
      minimum: 1,
      maximum: ENTRIES_MAX,
    }),
  },
  ['prefix', 'cursor', 'limit'],
);

const PAGE = object({
  entries: listOf(
    object({
      key: described('as in a path', TEXT),
      token: described('the ETag without its quotes', U64),
      expiresAt: orNull(TEXT),
      valueBytes: orNull(COUNT),
    }),
  ),
  cursor: described('for the next page; null after the last one', orNull(TEXT)),
});

interface ListingRoute {
  Querystring: { readonly prefix?: string; readonly cursor?: string; readonly limit?: number };
}

/** The keys that this controller has, page by page. */
export const listingRoutes: RouteGroup = (app, { keyPage }) => {
  app.get<ListingRoute>(
    '/v1/keys',
    {
      schema: {
        operationId: 'listEntries',
        summary: 'The keys that begin with a prefix, as this controller has them, page by page',
        description:
          'A page may have few entries or none, and a cursor: it ends after a bounded amount of work.',
        tags: ['keys'],
        querystring: QUERY,
        response: { 200: PAGE, 400: PROBLEM },
      },
    },
    (http, reply) => {
      const { prefix = '', cursor = '', limit = ENTRIES_SHOWN } = http.query;
      const begin = keyOfUnicode(prefix);
      const page = begin === null ? null : keyPage(begin, cursor, limit);
      if (begin === null) throw new HttpProblem('MALFORMED', `"${prefix}" is no prefix of a key`);
      if (page === null)
        throw new HttpProblem(
          'CURSOR_UNKNOWN',
          'the cursor is of another controller or an earlier run: begin again',
        );
      const entries = page.entries.map(({ key, token, expiresAtMs, valueBytes }) => ({
        key: textOfKey(key),
        token: String(token),
        expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
        valueBytes,
      }));
      return reply.send({ entries, cursor: page.cursor });
    },
  );
};
