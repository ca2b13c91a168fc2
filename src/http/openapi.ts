import swagger from '@fastify/swagger';
import fastify from 'fastify';
import type { HttpPorts } from './http-ports.ts';
import { OtherControllers } from './other-controllers.ts';
import { PROBLEM_TYPE } from './problems.ts';
import { ROUTES } from './routes/routes.ts';
import { PROBLEM } from './schemas/problem.ts';

/**
 * Describes the routes by OpenAPI 3.1. The routes are added once more, to an instance that serves nothing, so that the
 * one that serves need not keep what only the description needs.
 */
export async function describeRoutes(ports: HttpPorts): Promise<object> {
  const app = fastify();
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'memchorus',
        version: ports.version,
        description: `Every error has a body of the type ${PROBLEM_TYPE}.`,
      },
      components: { schemas: { Problem: PROBLEM } },
    },
    transform: ({ schema, url }) => ({ schema: withProblems(schema), url }),
  });
  const others = new OtherControllers(ports.self, ports.addresses);
  for (const addRoutes of ROUTES) addRoutes(app, ports, others);
  await app.ready();
  return app.swagger();
}

/** An answer that is an error has a type of its own. All errors that no route names are under `default`. */
function withProblems<S extends { readonly response?: unknown }>(schema: S): S {
  const responses = Object.entries((schema.response ?? {}) as Record<string, unknown>);
  const shown = [...responses, ['default', PROBLEM] as const].map(([status, body]) => [
    status,
    body === PROBLEM ? PROBLEM_ANSWER : body,
  ]);
  return { ...schema, response: Object.fromEntries(shown) };
}

const PROBLEM_ANSWER = {
  description: 'an error',
  content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
};
