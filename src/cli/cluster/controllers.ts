import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatAddress } from '../address.ts';
import type { CommandLine } from '../arguments.ts';
import { type Configuration, logFileOf } from '../configuration.ts';
import { OperationError } from '../failure.ts';
import { MAIN_FILE, PROJECT_DIRECTORY } from '../locations.ts';
import { flagOf, type SettingKey } from '../setting-table.ts';
import { spawnDetached } from './processes.ts';
import type { Member } from './run-record.ts';
import type { StorePlan } from './stores.ts';

/** Settled by `start` for all controllers, so that they are not passed on as given. */
const SETTLED: ReadonlySet<SettingKey> = new Set(['peers', 'store', 'stores']);

/**
 * The command line that all controllers share. They read the same file and environment as `start` did, so only
 * the flags and what was settled since have to be handed on.
 *
 * @param secretFile that `start` has made or found; null when they are told where the secret is
 */
export function controllerWords(
  line: CommandLine,
  configuration: Configuration,
  plan: StorePlan,
  secretFile: string | null,
): string[] {
  const config = line.configPath ?? process.env.MEMCHORUS_CONFIG;
  const words = config ? ['-c', resolve(config)] : [];
  for (const [key, { text }] of line.settings) {
    if (!SETTLED.has(key)) words.push(`--${flagOf(key)}=${text}`);
  }
  if (secretFile !== null) words.push(`--cluster-secret=${secretFile}`);
  words.push(`--peers=${configuration.peers.map(formatAddress).join(',')}`);
  if (plan.kind === 'embedded') return [...words, '--store=custom'];
  return [
    ...words,
    `--store=${configuration.storeType}`,
    `--stores=${plan.stores.map(formatAddress).join(',')}`,
  ];
}

/** @param onStarted told of every process at once */
export async function startControllers(
  configuration: Configuration,
  words: readonly string[],
  directory: string,
  onStarted: (member: Member) => void,
): Promise<void> {
  for (const [id, address] of configuration.peers.entries()) {
    const name = `controller-${id}`;
    const output = join(directory, `${name}.out`);
    const log = logFileOf(configuration.logFile, id, directory);
    const printed = { file: output, from: 0 };
    const logs = log === '-' ? [printed] : [{ file: log, from: sizeOf(log) }, printed];
    const all = [MAIN_FILE, ...words, `--id=${id}`];
    const started = await spawnDetached(process.execPath, all, PROJECT_DIRECTORY, output);
    if (started === null) throw new OperationError(`${name} could not be started; see ${output}`);
    onStarted({ ...started, name, address, logs });
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
