import { LEVELS as LEVEL_NAMES } from '../../placement/level.ts';
import { ORDERED_SCHEMES } from '../../placement/placed-level.ts';
import { askLocal } from '../key-requests.ts';
import { HttpProblem } from '../problems.ts';
import { PROBLEM } from '../schemas/problem.ts';
import { object, oneOf, TEXT } from '../schemas/schema.ts';
import { LEVELS } from '../schemas/status.ts';
import type { RouteGroup } from './route-group.ts';

interface LevelRoute {
  Params: { readonly name: string };
  Body: { readonly level: string; readonly scheme?: string };
}

/** The keyspaces and their levels. */
export const keyspaceRoutes: RouteGroup = (app, { levels }) => {
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

  app.put<LevelRoute>(
    '/v1/keyspaces/:name',
    {
      schema: {
        operationId: 'changeLevel',
        summary: 'Gives a keyspace another level, or cancels that; the answer is as of the beginning',
        tags: ['cluster'],
        params: object({ name: TEXT }),
        body: object({ level: oneOf(...LEVEL_NAMES, 'cancel'), scheme: oneOf(...ORDERED_SCHEMES) }, [
          'scheme',
        ]),
        response: { 200: LEVELS, 404: PROBLEM, 409: PROBLEM },
      },
    },
    async (http, reply) => {
      const { name } = http.params;
      if (!levels().keyspaces.some((keyspace) => keyspace.name === name))
        throw new HttpProblem('KEYSPACE_UNKNOWN', `there is no keyspace ${name}`);
      const { level, scheme } = http.body;
      const change = { keyspace: name, level: scheme === undefined ? level : `${level}/${scheme}` };
      const answer = await askLocal(http, { kind: 'keyspace', change, format: 'json' });
      if (answer.kind === 'client_error') throw new HttpProblem('LEVEL_FIXED', answer.reason);
      return reply.send(levels());
    },
  );
};
