import type { FastifyRequest } from 'fastify';
import { LEVELS as LEVEL_NAMES } from '../../placement/level.ts';
import { ORDERED_SCHEMES } from '../../placement/placed-level.ts';
import type { WantedKeyspace } from '../../protocol/request.ts';
import type { HttpPorts } from '../http-ports.ts';
import { askLocal } from '../key-requests.ts';
import { HttpProblem } from '../problems.ts';
import { PROBLEM } from '../schemas/problem.ts';
import { object, oneOf, TEXT } from '../schemas/schema.ts';
import { LEVELS } from '../schemas/status.ts';
import type { RouteGroup } from './route-group.ts';

/** What there is, as far as changes need it. */
type KeyspacesNow = ReturnType<HttpPorts['levels']>;

interface KeyspaceRoute {
  Params: { readonly name: string };
}

interface ChangeRoute extends KeyspaceRoute {
  Body: { readonly level?: string; readonly scheme?: string; readonly prefix?: string };
}

/** The keyspaces and their levels. */
export const keyspaceRoutes: RouteGroup = (app, { levels }) => {
  const carryOut = async (http: FastifyRequest, change: WantedKeyspace): Promise<KeyspacesNow> => {
    const answer = await askLocal(http, { kind: 'keyspace', change, format: 'json' });
    if (answer.kind === 'client_error') throw new HttpProblem('KEYSPACE_FIXED', answer.reason);
    return levels();
  };

  app.get(
    '/v1/keyspaces',
    {
      schema: {
        operationId: 'keyspaces',
        summary: 'The keyspaces with their levels, and how far the last change of a level has come',
        tags: ['cluster'],
        response: { 200: LEVELS },
      },
    },
    (_, reply) => reply.send(levels()),
  );

  app.put<ChangeRoute>(
    '/v1/keyspaces/:name',
    {
      schema: {
        operationId: 'changeKeyspace',
        summary:
          'Gives a keyspace another level or another prefix, or cancels, pauses or resumes a change; ' +
          'adds it if there is none of this name. The answer is as of the beginning',
        tags: ['cluster'],
        params: object({ name: TEXT }),
        body: {
          type: 'object',
          properties: {
            level: oneOf(...LEVEL_NAMES, 'cancel', 'pause', 'resume'),
            scheme: oneOf(...ORDERED_SCHEMES),
            prefix: TEXT,
          },
          minProperties: 1,
          additionalProperties: false,
        },
        response: { 200: LEVELS, 404: PROBLEM, 409: PROBLEM },
      },
    },
    async (http, reply) => reply.send(await carryOut(http, wantedOf(http.params.name, http.body, levels()))),
  );

  app.delete<KeyspaceRoute>(
    '/v1/keyspaces/:name',
    {
      schema: {
        operationId: 'removeKeyspace',
        summary: 'Removes a keyspace: its keys get into those with shorter prefixes. As of the beginning',
        tags: ['cluster'],
        params: object({ name: TEXT }),
        response: { 200: LEVELS, 404: PROBLEM, 409: PROBLEM },
      },
    },
    async (http, reply) => {
      const { name } = http.params;
      if (!isThere(name, levels())) throw unknown(name);
      return reply.send(await carryOut(http, { what: 'remove', keyspace: name }));
    },
  );
};

function isThere(name: string, { keyspaces }: KeyspacesNow): boolean {
  return keyspaces.some((keyspace) => keyspace.name === name);
}

/** @throws HttpProblem where the body does not say what is to be done */
function wantedOf(
  name: string,
  { level, scheme, prefix }: ChangeRoute['Body'],
  status: KeyspacesNow,
): WantedKeyspace {
  if (level === 'cancel' || level === 'pause' || level === 'resume') {
    if (prefix !== undefined || scheme !== undefined)
      throw new HttpProblem(
        'KEYSPACE_FIXED',
        'a change is cancelled, paused and resumed as a whole: give no prefix, and no scheme',
      );
    return { what: level, keyspace: name };
  }
  const existing = status.keyspaces.find((keyspace) => keyspace.name === name);
  if (existing === undefined) {
    if (level === undefined || prefix === undefined) throw unknown(name);
    return { what: 'add', keyspace: name, prefix, level: inOneWord(level, scheme) };
  }
  const getsPrefix = prefix !== undefined && prefix !== existing.prefix;
  const getsLevel =
    (level !== undefined && level !== existing.level) || (scheme !== undefined && scheme !== existing.scheme);
  if (getsPrefix && getsLevel)
    throw new HttpProblem('KEYSPACE_FIXED', 'change the level and the prefix one after the other');
  return getsPrefix
    ? { what: 'prefix', keyspace: name, prefix }
    : { what: 'level', keyspace: name, level: inOneWord(level ?? existing.level, scheme) };
}

/** As a client of the text protocol says it, such as `sequential/chain`. */
function inOneWord(level: string, scheme: string | undefined): string {
  return scheme === undefined ? level : `${level}/${scheme}`;
}

function unknown(name: string): HttpProblem {
  return new HttpProblem(
    'KEYSPACE_UNKNOWN',
    `there is no keyspace ${name}; to add one, give a prefix and a level`,
  );
}
