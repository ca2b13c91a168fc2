import { resolve } from 'node:path';
import { duration } from '../../controller/status-table.ts';
import { counted } from '../../controller/text-table.ts';
import { formatAddress } from '../address.ts';
import type { CommandLine } from '../arguments.ts';
import { secretFileFor } from '../cluster-secret.ts';
import type { Configuration } from '../configuration.ts';
import { EXIT_OK, OperationError } from '../failure.ts';
import { controllerWords, startControllers } from './controllers.ts';
import { dataInWords } from './data-report.ts';
import { isAlive } from './processes.ts';
import { waitForCluster } from './readiness.ts';
import { nextSteps, printCluster, tailOf } from './report.ts';
import { loadRunRecord, type RunRecord, removeRunRecord, saveRunRecord, withRunLock } from './run-record.ts';
import { stopRecorded } from './stop.ts';
import { planStores, requireFreePorts, type StorePlan, startStores, storeItemBytesMax } from './stores.ts';
import { plannedStores, requireLocal } from './topology.ts';

/** Gets stores, starts the controllers, waits until they form a cluster. @returns the exit code */
export function startCluster(
  line: CommandLine,
  configuration: Configuration,
  directory: string,
): Promise<number> {
  requireLocal(configuration.peers);
  return withRunLock(directory, async () => {
    const running = loadRunRecord(directory);
    if (running !== null && (await isRunning(running, wantedLevel(line), directory))) return EXIT_OK;
    await startAll(line, configuration, directory);
    return EXIT_OK;
  });
}

/** The level that the command line insists on. */
function wantedLevel(line: CommandLine): string | null {
  return line.settings.get('consistency')?.text ?? null;
}

/**
 * A cluster of which a part has died is not mended here: a controller that came back alone would come back
 * empty, and the user should decide whether to look at its log first.
 *
 * @throws OperationError when a part of it is running
 */
async function isRunning(record: RunRecord, wanted: string | null, directory: string): Promise<boolean> {
  const members = [...record.controllers, ...record.memcacheds];
  const dead = members.filter((member) => !isAlive(member));
  if (dead.length === members.length) {
    removeRunRecord(directory);
    return false;
  }
  if (dead.length > 0) {
    const names = dead.map((member) => `${member.name} (log: ${member.logs[0]!.file})`).join(', ');
    throw new OperationError(
      `the cluster is running in part; not running any more: ${names}. Stop it, then start it again`,
    );
  }
  const level =
    wanted === null || wanted === record.level ? '' : `, not ${wanted}: to change that, stop it first`;
  process.stdout.write(`the cluster is running already (${record.level}${level})\n`);
  await printCluster(record);
  return true;
}

async function startAll(line: CommandLine, configuration: Configuration, directory: string): Promise<void> {
  const { peers } = configuration;
  await requireFreePorts(peers, '--base-port');
  const plan = await planStores({
    embedded: configuration.storeType === 'custom',
    configured: configuration.stores,
    planned: plannedStores(line, peers.length),
  });
  if (plan.kind === 'memcached') await requireFreePorts(plan.stores, '--store-base-port');
  process.stdout.write(`stores: ${plan.words}\ndata: ${dataInWords(configuration.dataDir, directory)}\n`);
  const run = new Run(configuration, plan, directory);
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    await run.start(line, interrupted.signal);
  } catch (error) {
    process.stdout.write('the start failed; stopping what it had started\n');
    await stopRecorded(directory, run.record);
    throw error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** One start under way. Its record is on disk before the next thing is started. */
class Run {
  readonly #configuration: Configuration;
  readonly #plan: StorePlan;
  readonly #directory: string;
  #record: RunRecord;

  constructor(configuration: Configuration, plan: StorePlan, directory: string) {
    this.#configuration = configuration;
    this.#plan = plan;
    this.#directory = directory;
    this.#record = {
      format: 1,
      cluster: configuration.cluster,
      level: configuration.level,
      stores: plan.words,
      composeProject: plan.kind === 'docker' ? `memchorus-${plan.stores[0]!.port}` : null,
      controllers: [],
      memcacheds: [],
    };
  }

  get record(): RunRecord {
    return this.#record;
  }

  /** @throws OperationError */
  async start(line: CommandLine, signal: AbortSignal): Promise<void> {
    this.#keep({});
    const { itemBytesMax, peers, level } = this.#configuration;
    const project = this.#record.composeProject ?? '';
    await startStores(this.#plan, storeItemBytesMax(itemBytesMax), this.#directory, project, (member) => {
      this.#keep({ memcacheds: [...this.#record.memcacheds, member] });
    });
    process.stdout.write(
      `starting ${counted(peers.length, 'controller')} (${level}) on ${peers.map(formatAddress).join(', ')} ...\n`,
    );
    const secretFile = secretFileFor(this.#configuration, process.env, this.#directory);
    const words = controllerWords(line, this.#configuration, this.#plan, secretFile);
    await startControllers(this.#configuration, words, this.#directory, (member) => {
      this.#keep({ controllers: [...this.#record.controllers, member] });
    });
    await this.#becomeReady(signal);
    await printCluster(this.#record);
    process.stdout.write(nextSteps(this.#record, resolve(this.#directory)));
  }

  async #becomeReady(signal: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    const laggard = await waitForCluster(this.#record.controllers, signal);
    if (laggard === null) {
      process.stdout.write(`ready after ${duration(performance.now() - startedMs)}\n`);
      return;
    }
    const { name, address, logs } = laggard.member;
    const where = `${name} on ${formatAddress(address)}`;
    process.stderr.write(`${where} is not ready: ${laggard.reason}. The end of its log:\n${tailOf(logs)}\n`);
    throw new OperationError(`the cluster did not become ready: ${where}: ${laggard.reason}`);
  }

  #keep(change: Partial<RunRecord>): void {
    this.#record = { ...this.#record, ...change };
    saveRunRecord(this.#directory, this.#record);
  }
}
