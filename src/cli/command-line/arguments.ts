import yargs, { type Options } from 'yargs';
import { IDS_END } from '../../base/number-kinds.ts';
import type { Address } from '../../controller/settings.ts';
import { isLevel, LEVELS, type Level } from '../../placement/level.ts';
import { reasonOf, UsageError } from '../failure.ts';
import type { SelfChoice, StoreOverride } from '../settings/configuration.ts';
import { flagOf, type RawSetting, SETTING_KEYS, type SettingKey } from '../settings/setting-table.ts';
import { didYouMean } from '../suggestion.ts';
import { type ClientOptions, clientOptions, NO_OPTIONS, withInterval } from './client-flags.ts';
import { DRILL_SYNOPSIS, type DrillFlags, drillFlags } from './drill-flags.ts';
import { dashed, documentedNotation, normaliseFlags } from './flag-notation.ts';
import type { FlagRow } from './flag-row.ts';
import { ALL_FLAG_NAMES, FLAGS, namesOf } from './flag-table.ts';
import {
  addressesByIdOf,
  addressesOf,
  millisecondsOf,
  numberOf,
  portOf,
  wholeNumber,
} from './flag-values.ts';
import { keyspaceWords } from './keyspace-words.ts';
import { LAB_SYNOPSIS, type LabFlags, labFlagsOf } from './lab-flags.ts';
import { memberWords } from './member-words.ts';
import { COMMANDS, type Mode } from './modes.ts';

/** What the command line says, checked for form; the settings are still text. */
export interface CommandLine {
  readonly mode: Mode;
  readonly showHelp: boolean;
  readonly showVersion: boolean;
  /** Null: the default path. */
  readonly configPath: string | null;
  readonly identity: SelfChoice;
  readonly store: StoreOverride;
  readonly settings: ReadonlyMap<SettingKey, RawSetting>;
  /** With `start`. */
  readonly controllers: number | null;
  readonly basePort: number | null;
  readonly storeBasePort: number | null;
  /** Of a controller that is not in `peers`: whom it asks for its id; empty for the others. */
  readonly join: readonly Address[];
  /** With `restore`: where controllers of the backup are that are not in `peers`, by their ids. */
  readonly added: ReadonlyMap<number, Address>;
  /** With the client: the command to run, word by word; empty: ask for commands. */
  readonly command: readonly string[];
  /** With the client. */
  readonly client: ClientOptions;
  /** With `backup` and `restore` where the backup is, with `survey-clock` and `rebase-clock` the plan's file. */
  readonly path: string | null;
  /** With `level`, `keyspace` and `member`: the words of the protocol's command; empty to list what there is. */
  readonly change: readonly string[];
  /** With `restart`: which controllers; empty for all. */
  readonly ids: readonly number[];
  /** With `start` and `restart`: how long until all has to be ready; null: the default. */
  readonly waitMs: number | null;
  /** With `levels`: the only level that is shown; null: all. */
  readonly level: Level | null;
  /** With `levels` and `drill`: for how long, in milliseconds; null: the default. */
  readonly measuredMs: number | null;
  readonly drill: DrillFlags;
  /** With `status`, `level`, `keyspace`, `member`, `levels` and `drill`. */
  readonly json: boolean;
  /** With `member remove … --force`: it is not asked for. */
  readonly isSure: boolean;
  /** With `status`. */
  readonly watch: boolean;
  /** With `lab`; null with anything else. */
  readonly lab: LabFlags | null;
}

/** Most controllers that `start` runs: each is a process, and they all share one machine. */
const CONTROLLERS_MAX = 64;

/** @throws UsageError */
export function parseArguments(words: readonly string[], environment: NodeJS.ProcessEnv): CommandLine {
  const first = words[0];
  const named = COMMANDS.find((command) => command === first) ?? null;
  const { flags, rest } = normaliseFlags(pathLast(words, named), takesValue);
  const given = withInterval(parseFlags(joinRepeated(flags)));
  const mode = named ?? (given.has('cli') ? 'client' : 'controller');
  refuseForeignFlags(given, mode);
  const path = takesPath(mode) ? (rest.shift() ?? null) : null;
  const ids = mode === 'restart' && !given.has('help') ? idsOf(rest.splice(0)) : [];
  const isChange = (mode === 'level' || mode === 'keyspace') && !given.has('help');
  const isMember = mode === 'member' && !given.has('help');
  const change = isChange
    ? keyspaceWords(mode, rest.splice(0), given)
    : isMember
      ? memberWords(rest.splice(0), given.has('force'), given.get('zone'))
      : [];
  const lab = mode === 'lab' ? labFlagsOf(given, rest.splice(0)) : null;
  if (rest.length > 0 && mode !== 'client') refuseWord(rest[0]!, mode);
  return {
    mode,
    showHelp: given.has('help'),
    showVersion: given.has('version'),
    configPath: given.get('config') ?? null,
    identity: identityOf(given, environment),
    join: addressesOf(given, 'join'),
    added: addressesByIdOf(given, 'added'),
    store: { host: given.get('kvh') ?? null, port: portOf(given, 'kvp') },
    settings: settingLayer(given, mode),
    controllers: numberOf(given, 'n', 1, CONTROLLERS_MAX),
    basePort: portOf(given, 'base-port'),
    storeBasePort: portOf(given, 'store-base-port'),
    command: rest,
    client: mode === 'client' ? clientOptions(given, rest) : NO_OPTIONS,
    path,
    change,
    ids,
    waitMs: millisecondsOf(given, 'wait', WAIT_SECONDS_MAX),
    level: levelOf(given),
    drill: drillFlags(given),
    measuredMs: millisecondsOf(given, 'seconds', MEASURED_SECONDS_MAX),
    json: given.has('json'),
    isSure: given.has('yes'),
    watch: given.has('watch'),
    lab,
  };
}

/** The environment names a controller where no flag does: in a container, where all run the same command. */
function identityOf(given: ReadonlyMap<string, string>, environment: NodeJS.ProcessEnv): SelfChoice {
  const named = ['id', 'host', 'port'].some((flag) => given.has(flag));
  const id = given.get('id') ?? (named ? undefined : environment.MEMCHORUS_ID || undefined);
  return {
    id: id === undefined ? null : wholeNumber(id, given.has('id') ? '--id' : 'MEMCHORUS_ID', 0, IDS_END - 1),
    host: given.get('host') ?? null,
    port: portOf(given, 'port'),
  };
}

/** The words behind the command; flags may stand on both sides of a path, and of ids. */
function pathLast(words: readonly string[], named: Mode | null): readonly string[] {
  if (named === null) return words;
  const others = words.slice(1);
  if (!takesPath(named) && !WITH_WORDS.includes(named)) return others;
  const flagAt = others.findIndex((word) => word.startsWith('-'));
  return flagAt === -1 ? others : [...others.slice(flagAt), ...others.slice(0, flagAt)];
}

/** Words of other kinds stand behind these commands. */
const WITH_WORDS: readonly Mode[] = ['restart', 'level', 'keyspace', 'member', 'lab'];

/** @throws UsageError */
function idsOf(words: readonly string[]): number[] {
  return words.map((word) => wholeNumber(word.replace(/^controller-/, ''), 'restart', 0, IDS_END - 1));
}

/** A path stands behind the command. */
const PATH_MODES: readonly Mode[] = ['backup', 'restore', 'survey-clock', 'rebase-clock'];

function takesPath(mode: Mode): boolean {
  return PATH_MODES.includes(mode);
}

function takesValue(name: string): boolean {
  const flag = ALL_FLAG_NAMES.get(name);
  return flag !== undefined && FLAGS[flag]!.options.type === 'string';
}

function parser(words: readonly string[], mode: Mode | null) {
  const rows = Object.entries(FLAGS).filter(([, row]) => mode === null || row.modes.includes(mode));
  return yargs([...words])
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'short-option-groups': false,
      'strip-aliased': true,
    })
    .help(false)
    .version(false)
    .options(Object.fromEntries(rows.map(([flag, row]) => [flag, optionsFor(row, mode)])))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError('COMMAND_LINE', message);
    });
}

function optionsFor({ options, describeFor }: FlagRow, mode: Mode | null): Options {
  const describe = mode === null ? undefined : describeFor?.[mode];
  return describe === undefined ? options : { ...options, describe };
}

/** The flags that may be given several times: the values of all of them count. */
const REPEATABLE: readonly string[] = ['keyspaces'];

/** Makes one flag of those that may be given several times, with the values separated by spaces. */
function joinRepeated(words: readonly string[]): string[] {
  const joined: string[] = [];
  const values = new Map<string, string[]>();
  for (let at = 0; at < words.length; at++) {
    const [, name, value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(words[at]!) ?? [];
    const flag = name === undefined ? undefined : ALL_FLAG_NAMES.get(name);
    if (flag === undefined || !REPEATABLE.includes(flag)) {
      joined.push(words[at]!);
      continue;
    }
    const given = value ?? words[++at];
    if (given === undefined) joined.push(words[at - 1]!);
    else values.set(flag, [...(values.get(flag) ?? []), given]);
  }
  for (const [flag, given] of values) joined.push(`--${flag}`, given.join(' '));
  return joined;
}

/** The flags that were given, by chief name. The last one wins. */
function parseFlags(words: readonly string[]): Map<string, string> {
  const given = new Map<string, string>();
  let parsed: Record<string, unknown>;
  try {
    parsed = parser(words, null).parseSync() as Record<string, unknown>;
  } catch (error) {
    throw new UsageError('COMMAND_LINE', inOwnWords(reasonOf(error)), { cause: error });
  }
  for (const [name, value] of Object.entries(parsed)) {
    if (name === '_' || name === '$0' || value === undefined || value === false) continue;
    const flag = ALL_FLAG_NAMES.get(name);
    if (flag === undefined) refuseFlag(name);
    given.set(flag, String(value));
  }
  return given;
}

function inOwnWords(message: string): string {
  const flag = /^Not enough arguments following: (.*)$/.exec(message)?.[1];
  return flag === undefined ? message : `${dashed(flag)} needs a value; --help shows which`;
}

function refuseFlag(name: string): never {
  const hint = didYouMean(dashed(name), [...ALL_FLAG_NAMES.keys()].map(dashed));
  throw new UsageError('COMMAND_LINE', `unknown flag "${name}"${hint}; --help lists all flags`);
}

function refuseForeignFlags(given: ReadonlyMap<string, string>, mode: Mode): void {
  for (const flag of given.keys()) {
    const { modes } = FLAGS[flag]!;
    if (modes.includes(mode)) continue;
    throw new UsageError(
      'COMMAND_LINE',
      `${dashed(flag)} belongs to ${modes.join(' and ')}, not to ${mode}; see --help`,
    );
  }
}

function refuseWord(word: string, mode: Mode): never {
  if (mode !== 'controller')
    throw new UsageError('COMMAND_LINE', `${mode} takes no further words, but "${word}" stands there`);
  const hint = didYouMean(word, [...COMMANDS, 'help']);
  throw new UsageError(
    'COMMAND_LINE',
    `unknown word "${word}"${hint}; say ${COMMANDS.join(', ')}, -cli <command>, or see --help`,
  );
}

const WAIT_SECONDS_MAX = 86_400;
const MEASURED_SECONDS_MAX = 600;

function levelOf(given: ReadonlyMap<string, string>): Level | null {
  const text = given.get('level');
  if (text === undefined || isLevel(text)) return text ?? null;
  const hint = didYouMean(text, LEVELS);
  throw new UsageError(
    'COMMAND_LINE',
    `--level is "${text}": there is no such level${hint}; choose one of ${LEVELS.join(', ')}`,
  );
}

function settingLayer(given: ReadonlyMap<string, string>, mode: Mode): Map<SettingKey, RawSetting> {
  const layer = new Map<SettingKey, RawSetting>();
  for (const key of SETTING_KEYS) {
    const flag = flagOf(key);
    // A drill is told the name of a keyspace that there is, and makes none.
    if (mode === 'drill' && key === 'keyspaces') continue;
    const text = given.get(flag);
    if (text !== undefined) layer.set(key, { text: text.trim(), origin: dashed(namesOf(flag)[1] ?? flag) });
  }
  return layer;
}

const SURVEY_USAGE = 'Usage: main.ts survey-clock <plan> -p <port>';

const SYNOPSIS: Readonly<Record<Mode, string>> = {
  controller: `Usage:
  main.ts -p <port> [-cons <level>] ...          one controller of a cluster
  main.ts -p <port> --join <host:port>,...       one that is not in peers: see member add
  main.ts -cli [-i <host>] [-p <port>]           the interactive client
  main.ts -cli -p <port> get k                   one command; --raw, --json, -x, -r and views: main.ts -cli --help
  main.ts start [-cons <level>] [-n <number>]    memcacheds and controllers, in the background; or what is missing
  main.ts stop                                   stops what start started
  main.ts restart [<id> ...]                     stops controllers and starts them again, one by one; or all
  main.ts status [--watch] [--json]              the whole cluster at a glance; exit code 0: all is well
  main.ts levels [--level <level>] [--json]      shows what each level allows and costs, on a cluster of its own
  main.ts level [<keyspace> <level>] [--json]    the levels; or another one for a keyspace, while the cluster runs
  main.ts keyspace [add | remove | prefix ...]   the keyspaces; or one more, one less, another prefix, likewise
  main.ts member [add | remove | replace ...]    which controllers vote; or one more, one less, while the cluster runs
  main.ts drill [--faults <list>] [-p <port>]    does faults to a running cluster, and judges what clients saw
  main.ts lab [--in-process] < script            a cluster that joins, cuts and kills on command, for teaching
  main.ts -dialect minikv none                   a node of MiniKV, a key-value store over HTTP: docs/minikv.md
  main.ts -dialect sharded                       a node of the sharded store, with causal metadata: docs/sharded.md
  main.ts -dialect view-change                   a node of the store with view change: docs/view-change.md
  main.ts minikv-client test                     fills such a node and checks it: docs/minikv.md
  main.ts backup <directory> [-p <port>]         copies the journals of all controllers, or of one, running or not
  main.ts restore <directory> [-p <port>]        makes them the journals of stopped controllers
  main.ts survey-clock <plan> -p <port>          notes the version times of a stopped controller
  main.ts rebase-clock <plan> -p <port>          writes its journal anew with times that are not ahead`,
  client: `Usage: main.ts -cli [-i <host>] [-p <port>] [command ...]
Without a command it asks for commands, or reads them from a pipe. Exit code of a command: 0 done, 1 failed,
2 not understood, 4 a miss (no such key, or a condition that did not hold).`,
  start: 'Usage: startup.sh [-cons <level>] [-n <number>] ...   (or: main.ts start ...)',
  stop: 'Usage: stop.sh   (or: main.ts stop)',
  restart:
    'Usage: main.ts restart [<id> ...] [--wait <seconds>]   stops controllers and starts them again, one by one; or all',
  status: `Usage: main.ts status [--watch] [--json] [-p <port>]   asks every controller how it is
Exit code 0: healthy, 1: degraded (clients are served), 3: unavailable.`,
  levels: `Usage: main.ts levels [--level <level>] [--seconds <number>] [--json]

Shows what the consistency levels mean: starts a small cluster of its own on free ports, plays three
histories at each level that tell the levels apart, prints what the clients saw, whether each level
allows it and why, and what the levels cost. It needs the memcached program or Docker, and leaves
nothing behind. Exit code 0: every level kept its promise.`,
  level: `Usage: main.ts level [--json] [-p <port>]             lists the level of each keyspace
       main.ts level <keyspace> <level> [-p <port>]   gives a keyspace another level while the cluster runs
       main.ts level <keyspace> <level> --scheme chain   or --scheme broadcast, at an ordered level
       main.ts level <keyspace> --cancel [-p <port>]  leaves it at the level before, as long as that serves
The keyspace with every key is "default". Exit code 0: done, 1: not done, or not known to every controller yet.`,
  keyspace: `Usage: main.ts keyspace [list] [--json] [-p <port>]    lists the keyspaces
       main.ts keyspace add <name> <prefix> <level>   one more; --scheme chain or broadcast at an ordered level
       main.ts keyspace remove <name>                 its keys get into the keyspaces with shorter prefixes
       main.ts keyspace prefix <name> <prefix>        another prefix
       main.ts keyspace <name> <level>                another level, as main.ts level does
       main.ts keyspace <name> shards <number>        first shards, such as 3 or 3x2, or another number of them
       main.ts keyspace <name> move <shard> 3,4,5     other controllers for one of its shards
       main.ts keyspace <name> rebalance              its shards evenly over the controllers; without <controller>
       main.ts keyspace <name> --cancel               ends a change, as long as the keyspaces before it serve
       main.ts keyspace <name> pause                  copies nothing for a change until: keyspace <name> resume
All of it while clients read and write. Exit code 0: done, 1: not done, or not known to every controller yet.`,
  member: `Usage: main.ts member [list] [--json] [-p <port>]         lists the controllers, and which of them vote
       main.ts member remove <controller>                 it votes no more, and may be stopped
       main.ts member add <controller>                    one that runs and does not vote votes again
       main.ts member add <host>:<port>                   one that is not in peers joins, and votes once it is filled;
                                                          --zone <zone> says where it stands, for its shards
       main.ts member replace <controller> <controller>   both at once: the first goes, the second comes
       main.ts member remove <controller>... --force      drops all that are gone for good, where no majority is left;
                                                          tells what may be lost, and asks; --yes answers
A controller is named by its id or as <host>:<port>. Exit code 0: done, 1: not done.`,
  drill: DRILL_SYNOPSIS,
  lab: LAB_SYNOPSIS,
  backup:
    'Usage: main.ts backup <directory> [-p <port>]   copies the journals of all controllers, or of one, running or not',
  restore: 'Usage: main.ts restore <directory> [-p <port>]   for stopped controllers that have no journal',
  'survey-clock': `${SURVEY_USAGE}   for a cluster whose version times are far ahead of the real time

Notes in the file <plan> which times this controller has in use, and changes nothing else. All controllers have to be
stopped, and all surveyed, with the same file, before the first is rebased. See docs/operation.md.`,
  'rebase-clock': `Usage: main.ts rebase-clock <plan> -p <port>   on each controller, when all are surveyed

Writes the journal anew, with all versions at or before the time of the plan, in the same order. The journal as it was
is kept beside it. See docs/operation.md.`,
};

const EPILOGUE = `Settings come from flags, else the environment (MEMCHORUS_PEERS for --peers, and so on), else the
configuration file, else the defaults; config.ini explains every one.`;

/** Commands that no setting concerns. */
const WITHOUT_SETTINGS: readonly Mode[] = ['stop', 'restart', 'levels', 'drill', 'lab'];

/** @param mode the flags of `controller` are all of them */
export async function helpText(mode: Mode): Promise<string> {
  const help = await parser([], mode === 'controller' ? null : mode)
    .usage(SYNOPSIS[mode])
    .epilogue(await epilogueOf(mode))
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .getHelp();
  return documentedNotation(help);
}

async function epilogueOf(mode: Mode): Promise<string> {
  if (mode !== 'lab') return WITHOUT_SETTINGS.includes(mode) ? '' : EPILOGUE;
  const { labHelp } = await import('../lab/script/lab-help.ts');
  return `Commands, one a line, with single spaces between words:\n${labHelp()}\n\ndocs/lab.md explains them.`;
}
