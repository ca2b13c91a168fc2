import type { FastifyInstance } from 'fastify';
import type { OtherControllers } from '../other-controllers.ts';
import { COUNT, listOf, object, orNull, type Schema, TEXT } from '../schemas/schema.ts';

/** A question that each controller answers for itself, and one controller for all. */
export interface ToldByAll {
  /** Below `/v1/controllers/self/` for this controller, and below `/v1/` for all. */
  readonly path: string;
  readonly own: { readonly operationId: string; readonly summary: string };
  readonly all: { readonly operationId: string; readonly summary: string };
  /** The parameter that says how much is wanted. */
  readonly parameter: { readonly name: string; readonly schema: Schema; readonly whenAbsent: number };
  /** Of what one controller tells. */
  readonly schema: Schema;
  /** The field that has it in the answer for all. */
  readonly field: string;
  readonly tell: (wanted: number) => object;
}

type Asked = { readonly Querystring: Readonly<Record<string, number>> };

/** The schema of the answer for all controllers. */
export function schemaOfAll(field: string, schema: Schema): Schema {
  const one = object({ controller: COUNT, address: TEXT, reason: TEXT, [field]: orNull(schema) });
  return object({ controllers: listOf(one) });
}

/** Adds the route that tells of this controller, and the one that tells of all. */
export function addToldByAll(app: FastifyInstance, others: OtherControllers, told: ToldByAll): void {
  const { path, parameter, schema, field, tell } = told;
  const querystring = object({ [parameter.name]: parameter.schema }, [parameter.name]);
  const wantedIn = (query: Asked['Querystring']): number => query[parameter.name] ?? parameter.whenAbsent;
  const ownPath = `/v1/controllers/self/${path}`;

  app.get<Asked>(ownPath, {
    schema: { ...told.own, tags: ['cluster'], querystring, response: { 200: schema } },
    handler: (request, reply) => reply.send(tell(wantedIn(request.query))),
  });

  app.get<Asked>(`/v1/${path}`, {
    schema: { ...told.all, tags: ['cluster'], querystring, response: { 200: schemaOfAll(field, schema) } },
    handler: async (request, reply) => {
      const wanted = wantedIn(request.query);
      const answers = await others.askAll(() => tell(wanted), `${ownPath}?${parameter.name}=${wanted}`);
      return reply.send({ controllers: answers.map(({ body, ...from }) => ({ ...from, [field]: body })) });
    },
  });
}
