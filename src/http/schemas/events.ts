import { COUNT, described, listOf, object, oneOf, type Schema, TEXT } from './schema.ts';

const FIELDS: Schema = { type: 'object', description: 'as in the log', additionalProperties: true };

export const EVENTS = listOf(
  object({
    number: described('of this run of the controller, from 1', COUNT),
    at: described('by the wall clock of the controller', TEXT),
    severity: oneOf('error', 'warn', 'info'),
    message: TEXT,
    fields: FIELDS,
  }),
);

/** How far back events are told of where the request does not say. */
export const ALWAYS_MS = 2 ** 40;

export const LAST_MS: Schema = described('only events of so many last milliseconds', {
  ...COUNT,
  maximum: ALWAYS_MS,
});
