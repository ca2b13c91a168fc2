import { VERSION } from '../controller/product.ts';
import { topologyLayer } from './cluster/topology.ts';
import { type CommandLine, helpText, parseArguments } from './command-line/arguments.ts';
import { EXIT_OK } from './failure.ts';
import { defaultConfigFile, PROJECT_CONFIG_FILE, runDirectory } from './locations.ts';
import { type ResolvedSettings, resolveConfiguration, selfOf, settingsOf } from './settings/configuration.ts';
import { environmentLayer } from './settings/environment.ts';
import type { RawSettings } from './settings/setting-table.ts';
import { readSettingsFile } from './settings/settings-file.ts';

/** Does what a command line of the cluster says. @returns the exit code @throws UsageError, OperationError */
export async function runCommand(words: readonly string[]): Promise<number> {
  const line = parseArguments(words, process.env);
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
    case 'levels': {
      const { runLevels } = await import('./levels/run-levels.ts');
      return runLevels({ level: line.level, measuredMs: line.measuredMs ?? MEASURED_MS, json: line.json });
    }
    case 'member': {
      const { runMembers } = await import('./status/run-members.ts');
      return runMembers(line, load(line, defaultConfigFile()), runDirectory());
    }
    case 'level':
    case 'keyspace': {
      const { runKeyspaces } = await import('./status/run-keyspaces.ts');
      return runKeyspaces(line, load(line, defaultConfigFile()), runDirectory());
    }
    case 'drill': {
      const { runDrill } = await import('./drill/run-drill.ts');
      const { drillOptions } = await import('./drill/drill-options.ts');
      const { addressesOf } = await import('./status/cluster-addresses.ts');
      const addresses = addressesOf(line, load(line, defaultConfigFile()), runDirectory());
      return runDrill(drillOptions(line), addresses, runDirectory());
    }
    case 'lab': {
      const { runLab, runLabCleanup } = await import('./lab/run-lab.ts');
      return line.lab!.cleansUp ? runLabCleanup() : runLab(line.lab!);
    }
    case 'client': {
      const { runClient } = await import('./client/run-client.ts');
      return runClient(line, load(line, defaultConfigFile()));
    }
    case 'backup':
    case 'restore': {
      const { backUpCluster, restoreCluster } = await import('./data/copy-cluster.ts');
      const configuration = resolveConfiguration(await offlineLayers(line));
      const copying = { line, configuration, runDirectory: runDirectory() };
      return line.mode === 'backup' ? backUpCluster(copying) : restoreCluster(copying);
    }
    case 'survey-clock':
    case 'rebase-clock':
      return runOffline(line, line.mode);
    case 'controller':
      return runOneController(line);
  }
}

/** How long `levels` measures each level, in milliseconds. */
const MEASURED_MS = 1000;

async function runOneController(line: CommandLine): Promise<number> {
  const configuration = load(line, defaultConfigFile());
  if (line.join.length > 0) {
    const { runJoining } = await import('./process/run-joining.ts');
    return runJoining(line, configuration, runDirectory());
  }
  const self = selfOf(configuration.peers, line.identity);
  const { readSecret, requireSecretFor } = await import('./settings/cluster-secret.ts');
  const secret = readSecret(configuration, process.env, runDirectory());
  requireSecretFor(configuration.peers, secret);
  const { runController } = await import('./process/run-controller.ts');
  return runController(settingsOf(configuration, self, line.store, runDirectory()), secret);
}

/** Commands on the files of a controller. */
async function runOffline(line: CommandLine, mode: 'survey-clock' | 'rebase-clock'): Promise<number> {
  const configuration = resolveConfiguration(await offlineLayers(line));
  const { oneOffline } = await import('./data/copy-cluster.ts');
  const { settings, ids } = await oneOffline({ line, configuration, runDirectory: runDirectory() });
  const { surveyClock, rebaseClock } = await import('./data/rebase-command.ts');
  return mode === 'survey-clock' ? surveyClock(settings, line.path, ids) : rebaseClock(settings, line.path);
}

/** The cluster that was started last knows where its data are, unless the command line names a configuration. */
async function offlineLayers(line: CommandLine): Promise<RawSettings[]> {
  const { loadLastRecord } = await import('./cluster/run-record.ts');
  const { recordedSettings } = await import('./cluster/requested-settings.ts');
  const isTold = line.configPath !== null || Boolean(process.env.MEMCHORUS_CONFIG);
  const record = isTold ? null : loadLastRecord(runDirectory());
  if (record === null) return layersOf(line, defaultConfigFile());
  return [line.settings, environmentLayer(process.env), recordedSettings(record)];
}

function load(line: CommandLine, defaultPath: string): ResolvedSettings {
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
