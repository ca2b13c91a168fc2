import { VERSION } from '../controller/product.ts';
import { type CommandLine, helpText, parseArguments } from './arguments.ts';
import { topologyLayer } from './cluster/topology.ts';
import { type Configuration, resolveConfiguration, selfOf, settingsOf } from './configuration.ts';
import { environmentLayer } from './environment.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, OperationError, systemCodeOf, UsageError } from './failure.ts';
import { defaultConfigFile, PROJECT_CONFIG_FILE, runDirectory } from './locations.ts';
import type { RawSettings } from './setting-table.ts';
import { readSettingsFile } from './settings-file.ts';

/** Does what the command line says. @returns the exit code */
export async function run(words: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedOutput);
  try {
    return await dispatch(parseArguments(words, process.env));
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof OperationError)) throw error;
    process.stderr.write(`memchorus: ${error.message}\n`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
  }
}

/** `… | head` is no failure, nor a terminal that was closed: what is under way is finished, and nobody reads the rest. */
function ignoreClosedOutput(error: Error): void {
  if (!['EPIPE', 'EIO'].includes(systemCodeOf(error) ?? '')) throw error;
}

async function dispatch(line: CommandLine): Promise<number> {
  if (line.showHelp) return print(await helpText(line.mode));
  if (line.showVersion) return print(`memchorus ${VERSION}`);
  switch (line.mode) {
    case 'stop': {
      const { stopCluster } = await import('./cluster/stop.ts');
      return stopCluster(runDirectory());
    }
    case 'start': {
      const { startCluster } = await import('./cluster/start.ts');
      return startCluster(line, layersOf(line, PROJECT_CONFIG_FILE, topologyLayer(line)), runDirectory());
    }
    case 'restart': {
      const { restartControllers } = await import('./cluster/restart.ts');
      return restartControllers(line, runDirectory());
    }
    case 'status': {
      const { runStatus } = await import('./status/run-status.ts');
      return runStatus(line, load(line, defaultConfigFile()), runDirectory());
    }
    case 'client': {
      const { runClient } = await import('./client/run-client.ts');
      return runClient(line, load(line, defaultConfigFile()));
    }
    case 'backup':
    case 'restore':
    case 'survey-clock':
    case 'rebase-clock':
      return runOffline(line, line.mode);
    case 'controller':
      return runOneController(line);
  }
}

async function runOneController(line: CommandLine): Promise<number> {
  const configuration = load(line, defaultConfigFile());
  const self = selfOf(configuration.peers, line.identity);
  const { readSecret, requireSecretFor } = await import('./cluster-secret.ts');
  const secret = readSecret(configuration, process.env, runDirectory());
  requireSecretFor(configuration.peers, secret);
  const { runController } = await import('./run-controller.ts');
  return runController(settingsOf(configuration, self, line.store, runDirectory()), secret);
}

async function runOffline(line: CommandLine, mode: keyof typeof OFFLINE): Promise<number> {
  const configuration = load(line, defaultConfigFile());
  const self = selfOf(configuration.peers, line.identity);
  const settings = settingsOf(configuration, self, line.store, runDirectory());
  const command = await OFFLINE[mode]();
  return command(settings, line.path);
}

/** Those that work on files, loaded when they are used. */
const OFFLINE = {
  backup: async () => (await import('./backup.ts')).runBackup,
  restore: async () => (await import('./backup.ts')).runRestore,
  'survey-clock': async () => (await import('./rebase-clock.ts')).surveyClock,
  'rebase-clock': async () => (await import('./rebase-clock.ts')).rebaseClock,
} as const;

function load(line: CommandLine, defaultPath: string): Configuration {
  return resolveConfiguration(layersOf(line, defaultPath));
}

/** @param strongest settings that stand above the flags */
function layersOf(line: CommandLine, defaultPath: string, strongest: RawSettings = new Map()): RawSettings[] {
  const named = line.configPath ?? (process.env.MEMCHORUS_CONFIG || null);
  const file = readSettingsFile(named ?? defaultPath, named === null);
  return [strongest, line.settings, environmentLayer(process.env), file];
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return EXIT_OK;
}
