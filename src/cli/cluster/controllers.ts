import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Address } from '../../controller/settings.ts';
import { levelOf } from '../../placement/placed-level.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import { OperationError } from '../failure.ts';
import { MAIN_FILE, PROJECT_DIRECTORY } from '../locations.ts';
import { formatAddress } from '../settings/address.ts';
import { logFileOf, type ResolvedSettings } from '../settings/configuration.ts';
import { environmentLayer } from '../settings/environment.ts';
import { environmentNameOf, flagOf, SETTING_KEYS, type SettingKey } from '../settings/setting-table.ts';
import { nameOfController } from './cluster-processes.ts';
import { spawnDetached } from './processes.ts';
import type { ClusterProcess, RunRecord } from './run-record.ts';
import type { StorePlan } from './stores/store-plan.ts';

/**
 * Settings that `start` passes to every controller, so that a configuration file that changes later cannot
 * split the cluster.
 */
const SETTLED: ReadonlySet<SettingKey> = new Set([
  'cluster',
  'consistency',
  'data_dir',
  'log_file',
  'peers',
  'scheme',
  'store',
  'stores',
]);

/**
 * The command line that all controllers share, at the start and whenever one is started again. It includes
 * the settings of the environment, because a later start may come from another shell. The controllers read
 * the same configuration file as `start`.
 *
 * @param secretFile the file that `start` has made or found; null when settings or environment name the
 *   secret
 */
export function controllerWords(
  line: CommandLine,
  configuration: ResolvedSettings,
  plan: StorePlan,
  secretFile: string | null,
): string[] {
  const config = line.configPath ?? process.env.MEMCHORUS_CONFIG;
  const words = config ? ['-c', resolve(config)] : [];
  for (const [key, { text }] of new Map([...environmentLayer(process.env), ...line.settings])) {
    if (!SETTLED.has(key) && text !== '') words.push(`--${flagOf(key)}=${text}`);
  }
  if (secretFile !== null) words.push(`--cluster-secret=${secretFile}`);
  const { cluster, level, scheme, dataDir, logFile, peers, storeType } = configuration;
  words.push(`--cluster=${cluster}`, `--cons=${levelOf(level)}`, `--scheme=${scheme}`);
  words.push(`--data-dir=${dataDir}`, `--log-file=${logFile}`);
  words.push(`--peers=${peers.map(formatAddress).join(',')}`);
  if (plan.kind === 'embedded') return [...words, '--store=custom'];
  return [...words, `--store=${storeType}`, `--stores=${plan.stores.map(formatAddress).join(',')}`];
}

/** A controller to be started that is not in `peers`. */
export interface AddedToStart {
  readonly address: Address;
  /** Controllers that it can ask who it is. */
  readonly others: readonly Address[];
}

/**
 * @param added null for a controller of `peers`
 * @returns the process, as the record holds it
 */
export async function startController(
  record: RunRecord,
  id: number,
  directory: string,
  added: AddedToStart | null,
): Promise<ClusterProcess> {
  const name = nameOfController(id);
  const output = join(directory, `${name}.out`);
  const log = logFileOf(record.logFile, id, directory);
  const printed = { file: output, from: 0 };
  const logs = log === '-' ? [printed] : [{ file: log, from: sizeOf(log) }, printed];
  const own = added === null ? [`--id=${id}`] : wordsOfAdded(added, record.addedStores?.[id] ?? null);
  const words = [MAIN_FILE, ...record.words, ...own];
  const started = await spawnDetached(process.execPath, words, {
    workingDirectory: PROJECT_DIRECTORY,
    outputFile: output,
    environment: environmentFor(directory),
  });
  if (started === null)
    throw new OperationError('CONTROLLER_NOT_STARTED', `${name} could not be started; see ${output}`);
  return { ...started, name, address: added?.address ?? record.peers[id]!, logs };
}

/** @param store null: that of its id */
function wordsOfAdded({ address, others }: AddedToStart, store: Address | null): string[] {
  const { host, port } = address;
  const words = [`--host=${host}`, `--port=${port}`, `--join=${others.map(formatAddress).join(',')}`];
  return store === null ? words : [...words, `--kvh=${store.host}`, `--kvp=${store.port}`];
}

/**
 * Settings are passed on the command line, so the variables of this shell must not add any. A secret is never
 * passed on the command line.
 */
function environmentFor(directory: string): NodeJS.ProcessEnv {
  const settings = new Set(SETTING_KEYS.map(environmentNameOf));
  settings.delete(environmentNameOf('cluster_secret'));
  const kept = Object.entries(process.env).filter(([name]) => !settings.has(name));
  return { ...Object.fromEntries(kept), MEMCHORUS_RUN_DIR: directory };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
