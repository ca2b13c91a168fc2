import {
  COUNT,
  described,
  INTEGER,
  listOf,
  NUMBER,
  object,
  orNull,
  type Schema,
  TEXT,
} from '../schemas/schema.ts';
import type { RouteGroup } from './route-group.ts';

/** Samples that one answer has, unless fewer are asked for; a controller keeps no more. */
const SECONDS_MAX = 600;

const FIGURES: Schema = {
  type: 'object',
  description: 'the newest samples of each figure, the newest last; null for a second without one',
  additionalProperties: listOf(orNull(NUMBER)),
};

const SERIES = object({
  run: described('names this run of the controller; the numbers of samples begin anew with each run', TEXT),
  last: described(
    'the number of the newest sample, of which there is one a second; -1 before there is one',
    INTEGER,
  ),
  lastAt: described('when the newest sample was taken, by the wall clock of the controller', TEXT),
  figures: FIGURES,
});

const SECONDS = object({ seconds: { ...COUNT, maximum: SECONDS_MAX } }, ['seconds']);

export const ALL_SERIES = object({
  controllers: listOf(object({ controller: COUNT, address: TEXT, reason: TEXT, series: orNull(SERIES) })),
});

type WithSeconds = { readonly Querystring: { readonly seconds?: number } };

/** The figures of the last minutes, as the dashboard draws them. */
export const seriesRoutes: RouteGroup = (app, { series }, others) => {
  app.get<WithSeconds>('/v1/controllers/self/series', {
    schema: {
      operationId: 'ownSeries',
      summary: 'The figures of this controller over the last minutes, one sample a second',
      tags: ['cluster'],
      querystring: SECONDS,
      response: { 200: SERIES },
    },
    handler: (request, reply) => reply.send(series(request.query.seconds ?? SECONDS_MAX)),
  });

  app.get<WithSeconds>('/v1/series', {
    schema: {
      operationId: 'series',
      summary: 'The figures of all controllers over the last minutes, one sample a second',
      tags: ['cluster'],
      querystring: SECONDS,
      response: { 200: ALL_SERIES },
    },
    handler: async (request, reply) => {
      const { seconds = SECONDS_MAX } = request.query;
      const path = `/v1/controllers/self/series?seconds=${seconds}`;
      const answers = await others.askAll(() => series(seconds), path);
      const controllers = answers.map(({ body, ...from }) => ({ ...from, series: body }));
      return reply.send({ controllers });
    },
  });
};
