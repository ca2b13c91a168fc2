import type { FastifyInstance } from 'fastify';
import { arithmeticRequest } from '../../protocol/make-request.ts';
import { exptimeOf } from '../expiry.ts';
import type { HttpPorts } from '../http-ports.ts';
import { ask, type KeyRoute, keyIn } from '../key-requests.ts';
import { numberOfDigits } from '../numbers.ts';
import { HttpProblem } from '../problems.ts';
import { HEADERS, tagOf, ttlIn } from '../request-headers.ts';
import { NO_BODY, TTL_HEADERS, U64 } from '../schemas/keys.ts';
import { PROBLEM } from '../schemas/problem.ts';
import { object } from '../schemas/schema.ts';
import type { RouteGroup } from './route-group.ts';

/** Changes of an entry that need no value: counting, and another expiry. */
export const keyChangeRoutes: RouteGroup = (app, ports) => {
  addCount(app, ports, 'increment', 'incr');
  addCount(app, ports, 'decrement', 'decr');
  addTouch(app, ports);
};

interface CountRoute extends KeyRoute {
  Querystring: { readonly by?: string; readonly initial?: string };
}

function addCount(app: FastifyInstance, { timeMs }: HttpPorts, name: string, verb: 'incr' | 'decr'): void {
  const schema = {
    operationId: `${name}Entry`,
    summary: `Counts the decimal number that a key holds ${verb === 'incr' ? 'up, modulo 2^64' : 'down, not below 0'}`,
    description:
      'With `initial`, a key without an entry gets one with that number. Numbers are texts of digits.',
    tags: ['keys'],
    querystring: object({ by: U64, initial: U64 }, ['by', 'initial']),
    headers: TTL_HEADERS,
    response: { 200: object({ value: U64 }), 404: PROBLEM, 409: PROBLEM },
  };
  app.post<CountRoute>(`/v1/keys/:key/${name}`, { schema }, async (http, reply) => {
    const { by = '1', initial } = http.query;
    const exptime = exptimeOf(ttlIn(http.headers), timeMs());
    const answer = await ask(http, reply, {
      ...arithmeticRequest(verb, keyIn(http), numberOfDigits(by)),
      initial: initial === undefined ? null : { value: numberOfDigits(initial), exptime },
      wantsToken: true,
    });
    if (answer.kind !== 'number') throw new HttpProblem('NOT_FOUND', 'the key has no entry');
    return reply.header('etag', tagOf(answer.cas)).send({ value: String(answer.value) });
  });
}

function addTouch(app: FastifyInstance, { timeMs }: HttpPorts): void {
  const schema = {
    operationId: 'touchEntry',
    summary: `Gives an entry another expiry: ${HEADERS.ttl}, or none`,
    tags: ['keys'],
    headers: TTL_HEADERS,
    response: { 204: NO_BODY, 404: PROBLEM },
  };
  app.post<KeyRoute>('/v1/keys/:key/touch', { schema }, async (http, reply) => {
    const exptime = exptimeOf(ttlIn(http.headers), timeMs());
    const answer = await ask(http, reply, { kind: 'touch', key: keyIn(http), exptime, noreply: false });
    if (answer.kind === 'outcome' && answer.outcome === 'touched') return reply.code(204).send();
    throw new HttpProblem('NOT_FOUND', 'the key has no entry');
  });
}
