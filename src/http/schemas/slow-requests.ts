import { COUNT, described, listOf, NUMBER, object, orNull, TEXT } from './schema.ts';

const PHASES = object({ waiting: NUMBER, agreement: NUMBER, store: NUMBER, journal: NUMBER, reply: NUMBER });

const SLOW_REQUEST = object({
  arrivedAt: described('in ISO 8601, by the clock of the machine', TEXT),
  tookMs: NUMBER,
  phasesMs: described('where the time went', PHASES),
  command: described('the commands of all protocols that do the same have one name', TEXT),
  key: described('the first key, with other bytes than printable ASCII as \\x…, shortened', TEXT),
  keys: described('how many keys the request names', COUNT),
  level: described('null for a request that touches no entry', orNull(TEXT)),
  client: described('its address; empty when it has gone', TEXT),
  answer: described('`ok`, `client_error`, or the code of the error', TEXT),
});

/** The slow requests of one controller. */
export const SLOW_REQUESTS = object({
  slowRequestMs: described('a request that takes as long counts as slow; 0 where none does', NUMBER),
  keptSeconds: described('for how long a slow request is kept', COUNT),
  total: described('slow requests since the start', COUNT),
  kept: COUNT,
  requests: described('the slowest first', listOf(SLOW_REQUEST)),
});
