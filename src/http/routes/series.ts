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
import { addToldByAll, schemaOfAll } from './told-by-all.ts';

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

const FIELD = 'series';

export const ALL_SERIES = schemaOfAll(FIELD, SERIES);

/** The figures of the last minutes, as the dashboard draws them. */
export const seriesRoutes: RouteGroup = (app, { series }, others) =>
  addToldByAll(app, others, {
    path: 'series',
    own: {
      operationId: 'ownSeries',
      summary: 'The figures of this controller over the last minutes, one sample a second',
    },
    all: {
      operationId: 'series',
      summary: 'The figures of all controllers over the last minutes, one sample a second',
    },
    parameter: { name: 'seconds', schema: { ...COUNT, maximum: SECONDS_MAX }, whenAbsent: SECONDS_MAX },
    schema: SERIES,
    field: FIELD,
    tell: series,
  });
