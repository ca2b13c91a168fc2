import { flagOf, SETTING_KEYS, SETTINGS, type SettingKey } from '../settings/setting-table.ts';
import { CLIENT_FLAGS } from './client-flags.ts';
import { type FlagRow, text, toggle } from './flag-row.ts';
import { MODES, type Mode } from './modes.ts';

/** Those that work on the files of one of the controllers; and all that are about one. */
const OFFLINE: readonly Mode[] = ['backup', 'restore', 'survey-clock', 'rebase-clock'];
/** The commands that list and change the keyspaces. */
const KEYSPACES: readonly Mode[] = ['level', 'keyspace'];
const ONE_CONTROLLER: readonly Mode[] = [
  'controller',
  'client',
  'status',
  ...KEYSPACES,
  'member',
  'drill',
  ...OFFLINE,
];

/** Flags that are no settings: they say what to run, and which of the controllers this is. */
const OWN_FLAGS: Readonly<Record<string, FlagRow>> = {
  cli: {
    modes: ['client'],
    options: toggle('What:', 'the interactive client; with a command behind it, runs that', ['client']),
  },
  config: {
    modes: ['controller', 'client', 'start', 'status', ...KEYSPACES, 'member', 'drill', ...OFFLINE],
    options: text('What:', 'configuration file [default: ./config.ini]', ['c']),
  },
  help: { modes: MODES, options: toggle('What:', 'this help; -h alone does the same') },
  version: { modes: MODES, options: toggle('What:', 'the version') },
  json: {
    modes: ['status', ...KEYSPACES, 'member', 'levels', 'drill', 'client'],
    options: toggle(
      'What:',
      'status, level, keyspace, member, levels, drill: one line of JSON, for scripts; -cli: each answer as one',
    ),
  },
  ...CLIENT_FLAGS,
  watch: { modes: ['status'], options: toggle('What:', 'status: again every second, until Ctrl-C') },
  cancel: {
    modes: KEYSPACES,
    options: toggle('What:', 'level, keyspace: ends a change, as long as the keyspaces before it serve'),
  },
  level: { modes: ['levels'], options: text('Levels:', 'only this level [all]') },
  seconds: {
    modes: ['levels', 'drill'],
    options: text(
      'Levels:',
      'levels: how long each level is measured, 0: not at all [1]; drill: for how long [20]',
    ),
    describeFor: { drill: 'for how long faults are done, from 3 on [20]' },
  },
  faults: {
    modes: ['drill'],
    options: text('Drill:', 'what is done, such as pause,kill; or none [what costs nothing]'),
  },
  clients: {
    modes: ['drill'],
    options: text('Drill:', 'how many clients read and write [two a controller]'),
  },
  seed: { modes: ['drill'], options: text('Drill:', 'the same seed does the same faults in the same order') },
  page: { modes: ['drill'], options: text('Drill:', 'the file of the page [in the run directory]') },
  undo: { modes: ['drill'], options: toggle('Drill:', 'undoes what a drill has left that was killed') },
  'in-process': {
    modes: ['lab'],
    options: toggle('Lab:', 'servers and clients in this process, on virtual time; the answers are the same'),
  },
  'keep-going': { modes: ['lab'], options: toggle('Lab:', 'an unknown command does not end the script') },
  tie: {
    modes: ['lab'],
    options: text(
      'Lab:',
      'of two writes with equal accept times, the server id that wins: lowest, highest [lowest]',
    ),
  },
  'background-exchange': {
    modes: ['lab'],
    options: text('Lab:', 'seconds between exchanges in the background while time passes, or off [off]'),
  },
  host: {
    modes: ONE_CONTROLLER,
    options: text('Which controller:', 'its address, or the one to dial; -h <host> does the same', ['i']),
  },
  port: {
    modes: ONE_CONTROLLER,
    options: text('Which controller:', 'its port, or the one to dial', ['p']),
  },
  id: { modes: ONE_CONTROLLER, options: text('Which controller:', 'its place in peers, from 0') },
  join: {
    modes: ['controller'],
    options: text('Which controller:', 'it is not in peers: whom it asks for its id, host:port,host:port,…'),
  },
  added: {
    modes: ['restore'],
    options: text('Which controller:', 'where those of the backup are that are not in peers, 3=host:port,…'),
  },
  pr: {
    modes: ['controller', 'client', 'start'],
    options: text('Which controller:', 'accepted, without effect', ['priority']),
  },
  kvh: { modes: ['controller'], options: text('Store:', 'host of the store of this controller', ['kvhost']) },
  kvp: { modes: ['controller'], options: text('Store:', 'port of the store of this controller', ['kvport']) },
  n: {
    modes: ['start'],
    options: text('Start:', 'how many controllers, on 127.0.0.1', ['controllers']),
  },
  'base-port': {
    modes: ['start'],
    options: text('Start:', 'port of controller 0; the others follow [8000]'),
  },
  'store-base-port': {
    modes: ['start'],
    options: text('Start:', 'port of memcached 0; the others follow [11201]'),
  },
  wait: {
    modes: ['start', 'restart', ...KEYSPACES, 'member'],
    options: text(
      'Start:',
      'seconds until the controllers have to be ready, or know a change; 0: do not wait [30]',
    ),
  },
  force: {
    modes: ['member'],
    options: toggle('Members:', 'with remove: no majority is left, and these controllers are gone for good'),
  },
  zone: { modes: ['member'], options: text('Members:', 'with add: where the controller stands') },
  yes: { modes: ['member'], options: toggle('Members:', 'with --force: does it without asking') },
};

const DRILL: readonly Mode[] = ['drill'];

/** The settings that a drill takes, and what they are there. */
const IN_DRILL: Readonly<Partial<Record<SettingKey, string>>> = {
  peers: 'the controllers of the cluster, host:port,host:port,… [the cluster that startup.sh has started]',
  keyspaces: 'the name of the keyspace that is tried [default]',
};

/** Every flag, by its chief name. */
export const FLAGS: Readonly<Record<string, FlagRow>> = { ...OWN_FLAGS, ...settingFlags() };

function settingFlags(): Record<string, FlagRow> {
  const rows: Record<string, FlagRow> = {};
  for (const key of SETTING_KEYS) {
    const { group, describe, fallback, ...more } = SETTINGS[key];
    const shown = fallback === '' ? describe : `${describe} [default: ${fallback}]`;
    const aliases: readonly string[] = 'aliases' in more ? more.aliases : [];
    rows[flagOf(key)] = {
      modes: [
        'controller',
        'client',
        'start',
        'status',
        ...KEYSPACES,
        'member',
        ...OFFLINE,
        ...(IN_DRILL[key] ? DRILL : []),
      ],
      options: text(`${group}:`, shown, aliases),
      describeFor: { drill: IN_DRILL[key] ?? '' },
    };
  }
  return rows;
}

export function namesOf(flag: string): string[] {
  return [flag, ...((FLAGS[flag]?.options.alias as readonly string[] | undefined) ?? [])];
}

export const ALL_FLAG_NAMES: ReadonlyMap<string, string> = new Map(
  Object.keys(FLAGS).flatMap((flag) => namesOf(flag).map((name) => [name, flag] as const)),
);
