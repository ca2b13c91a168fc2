import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address, Settings } from '../../controller/settings.ts';
import type { Level } from '../../placement/level.ts';
import { CliConnection } from '../client/cli-connection.ts';
import { statusAt } from '../client/controller-at.ts';
import { obstacleOf } from '../cluster/readiness.ts';
import { tailOf } from '../cluster/report.ts';
import { OperationError } from '../failure.ts';
import { freePorts } from '../process/free-ports.ts';
import { formatAddress } from '../settings/address.ts';
import { logFileOf, resolveConfiguration, settingsOf } from '../settings/configuration.ts';
import { ownSettings, type SettingKey } from '../settings/setting-table.ts';
import { ControllerThreads, type LinkWay } from './controller-threads.ts';
import { type OwnStores, startOwnStores } from './own-stores.ts';

export const CONTROLLERS = 3;

const HOST = '127.0.0.1';

const POLL_MS = 20;

/** How long the controllers may take to become ready, in milliseconds, and how often that is tried. */
const READY_WITHIN_MS = 4_000;
const ATTEMPTS_MAX = 5;

/** How long a store may take to answer, in milliseconds. */
const STORE_TIMEOUT_MS = 10_000;

/**
 * A link that is held back looks like a peer that is silent. While a link is held, no controller may be suspected, no
 * lease may run out, no request may time out, and no round of anti-entropy may bring round a third controller what the
 * link holds back. So all of these take far longer than any history is played.
 */
const TIMING = {
  heartbeat_time: '0.1',
  threshold: '600',
  lease_time: '60',
  request_timeout: '130',
  sync_interval: '3600',
  store_timeout: '10',
} as const satisfies Partial<Record<SettingKey, string>>;

/**
 * A cluster of this process alone: three controllers and three memcacheds on free ports, one level after the other.
 * With the process everything of it is gone; on disk there are logs only, in a directory that `use` removes.
 */
export class OwnCluster {
  /** For people: what the values are stored in. */
  readonly storesInWords: string;
  readonly #peers: readonly Address[];
  readonly #stores: readonly Address[];
  readonly #directory: string;
  readonly #threads: ControllerThreads;
  readonly #signal: AbortSignal;

  private constructor(
    parts: { readonly addresses: readonly Address[]; readonly directory: string },
    stores: OwnStores,
    threads: ControllerThreads,
    signal: AbortSignal,
  ) {
    this.storesInWords = stores.words;
    this.#peers = parts.addresses.slice(0, CONTROLLERS);
    this.#stores = parts.addresses.slice(CONTROLLERS);
    this.#directory = parts.directory;
    this.#threads = threads;
    this.#signal = signal;
  }

  /**
   * Makes a cluster for one use of it, and leaves nothing of it, however that ends.
   *
   * @param signal ends it early; the use has to end then, and may fail
   * @throws OperationError when it cannot be made, or a controller fails meanwhile
   */
  static async use<T>(
    signal: AbortSignal,
    action: (cluster: OwnCluster, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const directory = mkdtempSync(join(tmpdir(), 'memchorus-levels-'));
    const failed = new AbortController();
    const ended = AbortSignal.any([signal, failed.signal]);
    let threads: ControllerThreads | null = null;
    let stores: OwnStores | null = null;
    try {
      const addresses = (await freePorts(2 * CONTROLLERS)).map((port) => ({ host: HOST, port }));
      stores = await startOwnStores(addresses.slice(CONTROLLERS), directory, ended);
      const onFailure = (reason: string): void =>
        failed.abort(new OperationError('CONTROLLER_NOT_STARTED', `${reason}\n${logsIn(directory)}`));
      threads = new ControllerThreads(CONTROLLERS, onFailure);
      return await unlessAborted(
        ended,
        action(new OwnCluster({ addresses, directory }, stores, threads, ended), ended),
      );
    } finally {
      await threads?.close();
      await stores?.close();
      rmSync(directory, { recursive: true, force: true });
    }
  }

  addressOf(controller: number): Address {
    return this.#peers[controller]!;
  }

  /**
   * Ends the controllers that run, and starts them at this level, on empty stores. Resolves once all are ready.
   *
   * If one of them hears the others too late for the first view, it would have to be steady for as long as it takes to
   * suspect it. Then all are started again.
   *
   * @throws OperationError
   */
  async begin(level: Level): Promise<void> {
    const settings = this.#settingsOf(level);
    for (let attempt = 1; ; attempt++) {
      await this.#threads.stop();
      await Promise.all(this.#stores.map(emptyStore));
      await this.#threads.start(settings);
      const obstacle = await this.#obstacleAfter(READY_WITHIN_MS);
      if (obstacle === null) return;
      if (attempt === ATTEMPTS_MAX)
        throw new OperationError('NOT_READY', `${obstacle}\n${logsIn(this.#directory)}`);
    }
  }

  async hold(links: readonly LinkWay[]): Promise<void> {
    await Promise.all(links.map((link) => this.#threads.hold(link)));
  }

  async release(links: readonly LinkWay[]): Promise<void> {
    await Promise.all(links.map((link) => this.#threads.release(link)));
  }

  #settingsOf(level: Level): Settings[] {
    const own = ownSettings({
      ...TIMING,
      cluster: `levels-${level}`,
      consistency: level,
      peers: this.#peers.map(formatAddress).join(','),
      stores: this.#stores.map(formatAddress).join(','),
      data_dir: '-',
      durability: 'none',
      log_file: LOG_FILE,
    });
    const configuration = resolveConfiguration([own]);
    const nowhere = { host: null, port: null };
    return this.#peers.map((_, id) => settingsOf(configuration, id, nowhere, this.#directory));
  }

  /** @returns what keeps the cluster from being ready after this time; null as soon as all controllers are */
  async #obstacleAfter(ms: number): Promise<string | null> {
    const ids = [...this.#peers.keys()];
    const deadline = performance.now() + ms;
    for (;;) {
      this.#signal.throwIfAborted();
      const obstacles = await Promise.all(
        this.#peers.map(async (peer) => obstacleOf(await statusAt(peer), ids)),
      );
      const id = obstacles.findIndex((obstacle) => obstacle !== null);
      if (id === -1) return null;
      if (performance.now() > deadline) return `controller ${id} did not become ready: ${obstacles[id]}`;
      await sleep(POLL_MS);
    }
  }
}

const LOG_FILE = 'controller.log';

/** The ends of the logs: the directory is gone when somebody would look into it. */
function logsIn(directory: string): string {
  const files = Array.from({ length: CONTROLLERS }, (_, id) => logFileOf(LOG_FILE, id, directory));
  return `The end of the logs:\n${tailOf(files.map((file) => ({ file, from: 0 })))}`;
}

async function emptyStore(store: Address): Promise<void> {
  const connection = await CliConnection.dial(store);
  await connection.request(Buffer.from('flush_all\r\n'), 'line', STORE_TIMEOUT_MS);
  connection.close();
}

/** Rejects as soon as the signal is aborted, with its reason. What the work does then, nobody waits for. */
function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
