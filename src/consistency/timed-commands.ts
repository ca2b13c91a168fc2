/**
 * The names under which the times of requests are counted. The commands of all protocols that do the same have one
 * name: `get`, `mg` and a `get` of the binary protocol are `get`. What touches no entry is `other`.
 */
export const TIMED_COMMANDS = [
  'get',
  'gat',
  'set',
  'add',
  'replace',
  'append',
  'prepend',
  'cas',
  'incr',
  'decr',
  'touch',
  'delete',
  'flush_all',
  'other',
] as const;

export type TimedCommand = (typeof TIMED_COMMANDS)[number];
