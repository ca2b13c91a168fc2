import { UsageError } from '../failure.ts';
import { type FlagRow, text, toggle } from './flag-row.ts';

const GROUP = 'Client:';

function clientToggle(describe: string, alias: readonly string[] = []): FlagRow {
  return { modes: ['client'], options: toggle(GROUP, describe, alias) };
}

function clientText(describe: string, alias: readonly string[] = []): FlagRow {
  return { modes: ['client'], options: text(GROUP, describe, alias) };
}

/** The flags of the client, beside those that say which controller. */
export const CLIENT_FLAGS: Readonly<Record<string, FlagRow>> = {
  raw: clientToggle('values alone, byte for byte, without the lines around them'),
  x: clientToggle('the last argument of the command is read from standard input'),
  r: clientText('run the command so many times, -1: until Ctrl-C', ['repeat']),
  interval: clientText(
    'seconds between them [0], and between the lines of a view; beside -r, -i <number> does the same',
  ),
  stat: clientToggle('a line of figures of the controller every second, until Ctrl-C'),
  latency: clientToggle('the time of a round trip to the controller, again and again'),
  'latency-history': clientToggle('the same, with a new line every 15 seconds'),
  bigkeys: clientToggle('the keys with the largest values'),
  hotkeys: clientToggle('the keys that clients of the controller ask for most'),
  scan: clientToggle('all keys of the controller, one a line'),
  monitor: clientToggle('each request of the clients of all controllers, as it is answered'),
  pattern: clientText('with --scan: only keys that fit, such as "user:*"'),
};

/** What the client shows in place of a prompt. */
export const CLIENT_VIEWS = [
  'stat',
  'latency',
  'latency-history',
  'bigkeys',
  'hotkeys',
  'scan',
  'monitor',
] as const;

export type ClientView = (typeof CLIENT_VIEWS)[number];

export interface ClientOptions {
  readonly output: 'plain' | 'raw' | 'json';
  /** The last argument is read from standard input. */
  readonly isLastFromInput: boolean;
  /** How often the command is run; infinite until it is interrupted. */
  readonly repeat: number;
  /** Null: the default of what is run. */
  readonly intervalMs: number | null;
  readonly view: ClientView | null;
  readonly pattern: string | null;
}

/** One command, once, with its answer as it is. */
export const NO_OPTIONS: ClientOptions = {
  output: 'plain',
  isLastFromInput: false,
  repeat: 1,
  intervalMs: null,
  view: null,
  pattern: null,
};

const SECONDS = /^\d*\.?\d+$/;

const INTERVAL_SECONDS_MAX = 86_400;

/**
 * `-i` is the host. Beside `-r` a number behind it is the interval, as redis-cli has it: no host has such a name.
 *
 * @param given by chief name
 */
export function withInterval(given: Map<string, string>): Map<string, string> {
  const host = given.get('host');
  if (given.has('r') && !given.has('interval') && host !== undefined && SECONDS.test(host)) {
    given.delete('host');
    given.set('interval', host);
  }
  return given;
}

/** @param command the words of a command, if there is one @throws UsageError */
export function clientOptions(given: ReadonlyMap<string, string>, command: readonly string[]): ClientOptions {
  const views = CLIENT_VIEWS.filter((view) => given.has(view));
  if (views.length > 1) refuse(`--${views[0]} and --${views[1]} exclude each other`);
  if (given.has('raw') && given.has('json')) refuse('--raw and --json exclude each other');
  const view = views[0] ?? null;
  if (view !== null && command.length > 0)
    refuse(`--${view} takes no command, but "${command[0]}" stands there`);
  if (given.has('pattern') && view !== 'scan') refuse('--pattern belongs to --scan');
  for (const flag of ['x', 'r'])
    if (given.has(flag) && command.length === 0)
      refuse(`-${flag} needs a command: main.ts -cli -${flag} … set k`);
  return {
    output: given.has('raw') ? 'raw' : given.has('json') ? 'json' : 'plain',
    isLastFromInput: given.has('x'),
    repeat: repeatIn(given.get('r')),
    intervalMs: intervalIn(given.get('interval')),
    view,
    pattern: given.get('pattern') ?? null,
  };
}

function repeatIn(text: string | undefined): number {
  if (text === undefined) return 1;
  if (text === '-1') return Number.POSITIVE_INFINITY;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  return refuse(`-r is "${text}": give how often, or -1 for until Ctrl-C`);
}

function intervalIn(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seconds = SECONDS.test(text) ? Number(text) : Number.NaN;
  if (seconds <= INTERVAL_SECONDS_MAX) return seconds * 1000;
  return refuse(`--interval is "${text}": give seconds from 0 to ${INTERVAL_SECONDS_MAX}, such as 0.5`);
}

function refuse(message: string): never {
  throw new UsageError('COMMAND_LINE', message);
}
