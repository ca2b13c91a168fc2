import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { levelOfLetter } from '../../placement/level.ts';
import { exceedsItemLimit } from '../../protocol/limits.ts';
import { deleteRequest, readItemRequest, storageRequest } from '../../protocol/make-request.ts';
import type { Item, Reply } from '../../protocol/reply.ts';
import type { ReadItemRequest, StorageRequest, StorageVerb } from '../../protocol/request.ts';
import { bodyOf, takeRawBodies } from '../body.ts';
import { exptimeOf } from '../expiry.ts';
import type { HttpPorts } from '../http-ports.ts';
import { ask, type KeyRoute, keyIn } from '../key-requests.ts';
import { HttpProblem } from '../problems.ts';
import {
  flagsIn,
  HEADERS,
  isAmongTags,
  type Precondition,
  preconditionIn,
  readOptionsIn,
  tagOf,
  ttlIn,
} from '../request-headers.ts';
import {
  CONDITION_HEADERS,
  ENTRY_HEADERS,
  NO_BODY,
  READ_HEADERS,
  VALUE,
  WRITE_HEADERS,
} from '../schemas/keys.ts';
import { PROBLEM } from '../schemas/problem.ts';
import type { RouteGroup } from './route-group.ts';

/** One entry: its value is the body, and all else that is known of it is in headers. */
export const keyRoutes: RouteGroup = (app, ports) => {
  app.register(async (scope) => {
    takeRawBodies(scope);
    addGet(scope);
    addPut(scope, ports);
    addDelete(scope);
    addJoin(scope, ports, 'append');
    addJoin(scope, ports, 'prepend');
  });
};

function addGet(app: FastifyInstance): void {
  const schema = {
    operationId: 'getEntry',
    summary: 'The value of a key',
    tags: ['keys'],
    headers: READ_HEADERS,
    response: { 200: VALUE, 304: NO_BODY, 404: PROBLEM },
  };
  app.get<KeyRoute>('/v1/keys/:key', { schema }, async (http, reply) => {
    const request: ReadItemRequest = {
      ...readItemRequest(keyIn(http)),
      onlyLooks: true,
      ...readOptionsIn(http.headers),
    };
    const answer = await ask(http, reply, request);
    tellRead(reply, request);
    if (answer.kind !== 'item') throw new HttpProblem('NOT_FOUND', 'the key has no entry');
    const { item } = answer;
    tellEntry(reply, item);
    const known = http.headers['if-none-match'];
    if (known !== undefined && isAmongTags(item.cas, known)) return reply.code(304).send();
    return reply.type('application/octet-stream').send(item.value);
  });
}

function tellRead(reply: FastifyReply, { levelFlag, ageFlag }: ReadItemRequest): void {
  const level = levelFlag === undefined ? undefined : levelOfLetter(levelFlag.served);
  if (level !== undefined) reply.header(HEADERS.level, level);
  if (ageFlag !== undefined) reply.header(HEADERS.age, ageFlag.servedMs);
}

function tellEntry(reply: FastifyReply, { cas, flags, ttl }: Item): void {
  reply.header('etag', tagOf(cas)).header(HEADERS.flags, flags);
  // What is stored must never be taken for a page of this controller.
  reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
  if (ttl >= 0) reply.header(HEADERS.ttl, ttl);
}

function addPut(app: FastifyInstance, ports: HttpPorts): void {
  const schema = {
    operationId: 'putEntry',
    summary: 'Stores the body as the value of a key',
    tags: ['keys'],
    headers: ENTRY_HEADERS,
    response: { 204: NO_BODY, 412: PROBLEM, 413: PROBLEM },
  };
  app.put<KeyRoute>('/v1/keys/:key', { schema }, async (http, reply) => {
    const key = keyIn(http);
    const condition = preconditionIn(http.headers);
    if (condition.kind === 'never') throw preconditionFailed();
    const request = storageRequestOf(http, ports, key, VERBS[condition.kind]);
    const compare = condition.kind === 'token' ? condition.token : null;
    return told(reply, await ask(http, reply, { ...request, compare }));
  });
}

const VERBS: Readonly<Record<Exclude<Precondition['kind'], 'never'>, StorageVerb>> = {
  none: 'set',
  exists: 'replace',
  'is-missing': 'add',
  token: 'cas',
};

function storageRequestOf(
  http: FastifyRequest<KeyRoute>,
  { bodyBytesMax, timeMs }: HttpPorts,
  key: string,
  verb: StorageVerb,
): StorageRequest {
  const value = bodyOf(http);
  const flags = flagsIn(http.headers);
  if (exceedsItemLimit(key.length, flags, value.length, bodyBytesMax))
    throw new HttpProblem(
      'VALUE_TOO_LARGE',
      `the entry would be larger than ${bodyBytesMax} bytes (item_size_max)`,
    );
  const exptime = exptimeOf(ttlIn(http.headers), timeMs());
  return { ...storageRequest(verb, key, flags, exptime, value), wantsToken: true };
}

function told(reply: FastifyReply, answer: Reply): FastifyReply {
  if (answer.kind !== 'outcome' || answer.outcome !== 'stored') throw preconditionFailed();
  if (answer.cas !== undefined) reply.header('etag', tagOf(answer.cas));
  return reply.code(204).send();
}

function preconditionFailed(): HttpProblem {
  return new HttpProblem('PRECONDITION_FAILED', 'the entry is not as If-Match or If-None-Match asks for');
}

function addDelete(app: FastifyInstance): void {
  const schema = {
    operationId: 'deleteEntry',
    summary: 'Deletes the entry of a key',
    tags: ['keys'],
    headers: CONDITION_HEADERS,
    response: { 204: NO_BODY, 404: PROBLEM, 412: PROBLEM },
  };
  app.delete<KeyRoute>('/v1/keys/:key', { schema }, async (http, reply) => {
    const key = keyIn(http);
    const condition = preconditionIn(http.headers);
    if (condition.kind === 'is-missing')
      throw new HttpProblem('MALFORMED', 'If-None-Match makes no sense for a DELETE');
    if (condition.kind === 'never') throw preconditionFailed();
    const compare = condition.kind === 'token' ? condition.token : null;
    const answer = await ask(http, reply, { ...deleteRequest(key), compare });
    if (answer.kind === 'outcome' && answer.outcome === 'deleted') return reply.code(204).send();
    throw condition.kind === 'none'
      ? new HttpProblem('NOT_FOUND', 'the key has no entry')
      : preconditionFailed();
  });
}

/** The value gets the body before or behind it, and keeps its flags and its expiry. */
function addJoin(app: FastifyInstance, ports: HttpPorts, verb: 'append' | 'prepend'): void {
  const schema = {
    operationId: `${verb}ToEntry`,
    summary: `Adds the body ${verb === 'append' ? 'behind' : 'before'} the value of a key`,
    tags: ['keys'],
    headers: WRITE_HEADERS,
    response: { 204: NO_BODY, 409: PROBLEM, 413: PROBLEM },
  };
  app.post<KeyRoute>(`/v1/keys/:key/${verb}`, { schema }, async (http, reply) => {
    const request = storageRequestOf(http, ports, keyIn(http), verb);
    const answer = await ask(http, reply, request);
    if (answer.kind === 'outcome' && answer.outcome === 'not_stored')
      throw new HttpProblem('NOT_STORED', 'the key has no entry, or its value would become too large');
    return told(reply, answer);
  });
}
