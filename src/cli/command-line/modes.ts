/** First words that are no flags. */
export const COMMANDS = [
  'start',
  'stop',
  'restart',
  'status',
  'level',
  'keyspace',
  'member',
  'levels',
  'drill',
  'lab',
  'backup',
  'restore',
  'survey-clock',
  'rebase-clock',
] as const;

export const MODES = ['controller', 'client', ...COMMANDS] as const;

export type Mode = (typeof MODES)[number];
