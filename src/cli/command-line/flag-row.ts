import type { Options } from 'yargs';
import type { Mode } from './modes.ts';

export interface FlagRow {
  readonly modes: readonly Mode[];
  readonly options: Options;
  /** What the flag is where it is another thing than for the other commands. */
  readonly describeFor?: Readonly<Partial<Record<Mode, string>>>;
}

export const text = (group: string, describe: string, alias: readonly string[] = []): Options => ({
  type: 'string',
  requiresArg: true,
  group,
  describe,
  alias,
});

export const toggle = (group: string, describe: string, alias: readonly string[] = []): Options => ({
  type: 'boolean',
  group,
  describe,
  alias,
});
