import { resolve } from 'node:path';
import { counted } from '../../base/text-table.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import { EXIT_OK, OperationError } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';
import { secretFileFor } from '../settings/cluster-secret.ts';
import { dataDirOf, type ResolvedSettings, resolveConfiguration } from '../settings/configuration.ts';
import type { RawSettings } from '../settings/setting-table.ts';
import { clusterProcessesOf } from './cluster-processes.ts';
import { controllerWords } from './controllers.ts';
import { dataInWords } from './data-report.ts';
import { READY_TIMEOUT_MS } from './readiness.ts';
import { nextSteps, printCluster } from './report.ts';
import { refuseChangedSettings, settingsInForce } from './requested-settings.ts';
import { runMembersOf } from './run-members.ts';
import { loadLastRecord, loadRunRecord, type RunRecord, retireRunRecord, withRunLock } from './run-record.ts';
import { interruptible, RunUnderWay } from './run-under-way.ts';
import { sayOthers, startMissingControllers } from './start-missing.ts';
import { stopRecorded } from './stop.ts';
import { planStores } from './stores/plan-stores.ts';
import type { StorePlan } from './stores/store-plan.ts';
import { requireFreePorts, startStores, storeItemBytesMax } from './stores/stores.ts';
import { plannedStores, requireLocal } from './topology.ts';

/**
 * Gets stores, starts the controllers and waits until they form a cluster. If the cluster runs already, its
 * missing parts are started.
 *
 * @param layers the settings, the strongest first
 * @returns the exit code
 */
export function startCluster(
  line: CommandLine,
  layers: readonly RawSettings[],
  directory: string,
): Promise<number> {
  const configuration = resolveConfiguration(layers);
  requireLocal(configuration.peers);
  return withRunLock(directory, async () => {
    const record = loadRunRecord(directory);
    const processes = record === null ? null : await clusterProcessesOf(record);
    if (
      record !== null &&
      processes !== null &&
      processes.controllers.length + processes.memcacheds.length > 0
    ) {
      refuseChangedSettings(line, record, directory);
      await startMissingControllers(directory, record, processes, waitMsOf(line));
      return EXIT_OK;
    }
    retireRunRecord(directory);
    await startAll(line, layers, configuration, directory);
    return EXIT_OK;
  });
}

/** How long the command line allows until everything is ready. */
export function waitMsOf({ waitMs }: CommandLine): number {
  return waitMs ?? READY_TIMEOUT_MS;
}

async function startAll(
  line: CommandLine,
  layers: readonly RawSettings[],
  configuration: ResolvedSettings,
  directory: string,
): Promise<void> {
  const { peers } = configuration;
  await requireFreePorts(peers);
  const plan = await planStores({
    embedded: configuration.storeType === 'custom',
    configured: configuration.stores,
    planned: plannedStores(line, peers.length),
    runDirectory: directory,
  });
  process.stdout.write(`stores: ${plan.words}\ndata: ${dataInWords(configuration.dataDir, directory)}\n`);
  const run = new RunUnderWay(directory, newRecord(line, layers, configuration, plan, directory));
  await interruptible(async (signal) => {
    try {
      await startThem(run, storeItemBytesMax(configuration.itemBytesMax), waitMsOf(line), signal);
    } catch (error) {
      process.stdout.write('the start failed; stopping what it had started\n');
      await stopRecorded(directory, run.record);
      throw error;
    }
  });
}

function newRecord(
  line: CommandLine,
  layers: readonly RawSettings[],
  configuration: ResolvedSettings,
  plan: StorePlan,
  directory: string,
): RunRecord {
  const dataDir = dataDirOf(configuration.dataDir, directory);
  const last = loadLastRecord(directory);
  return {
    format: 2,
    cluster: configuration.cluster,
    level: configuration.level,
    peers: configuration.peers,
    words: controllerWords(line, configuration, plan, secretFileFor(configuration, process.env, directory)),
    settings: settingsInForce(layers),
    dataDir,
    logFile: configuration.logFile,
    plan,
    composeProject: plan.kind === 'docker' ? `memchorus-${plan.stores[0]!.port}` : null,
    controllers: [],
    memcacheds: [],
    ...(last?.addedStores === undefined || last.dataDir !== dataDir ? {} : { addedStores: last.addedStores }),
  };
}

/** @throws OperationError */
async function startThem(
  run: RunUnderWay,
  itemBytesMax: number,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  run.keep({});
  const { plan, composeProject, level } = run.record;
  const { directory } = run;
  await startStores({ plan, itemBytesMax, directory, composeProject, signal, onStarted: run.keepMemcached });
  const members = await runMembersOf(run.record);
  const current = members.here.filter(({ part }) => part === 'current');
  const addresses = current.map(({ address }) => formatAddress(address)).join(', ');
  process.stdout.write(`starting ${counted(current.length, 'controller')} (${level}) on ${addresses} ...\n`);
  await requireFreePorts(current.filter(({ isAdded }) => isAdded).map(({ address }) => address));
  for (const member of current) {
    if (signal.aborted) throw new OperationError('INTERRUPTED', 'the start was interrupted');
    await run.startMember(member, members);
  }
  process.stdout.write(`${await run.becomeReady(run.record.controllers, waitMs, signal)}\n`);
  await printCluster(run.record);
  sayOthers(members, run.record.controllers);
  process.stdout.write(nextSteps(run.record, resolve(directory)));
}
