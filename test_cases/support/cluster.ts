import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFailed } from 'vitest';
import type { Status } from '../../src/controller/status/status.ts';
import type { Level } from '../../src/placement/level.ts';
import { ControllerProcess } from './controller-process.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './free-port.ts';
import { HANGS_AFTER_MS } from './hang.ts';
import { type Host, LOOPBACK } from './host.ts';
import { Memcached } from './memcached.ts';
import { type StoreKind, type StoreProcess, startStores } from './store-process.ts';
import { TextClient } from './text-client.ts';

export interface ClusterOptions {
  readonly level: string;
  readonly controllers?: number;
  /** The host of each controller and its store; loopback by default. */
  readonly hosts?: readonly Host[];
  readonly store?: StoreKind;
  /** Further flags of the memcacheds. */
  readonly memcached?: readonly string[];
  /** Settings in `[common]` in addition to those that the cluster needs. */
  readonly settings?: Readonly<Record<string, string>>;
  /** By name. */
  readonly keyspaces?: Readonly<Record<string, { readonly prefix: string; readonly consistency: Level }>>;
  /** Whether the controllers have a cluster secret, as they do by default. */
  readonly hasSecret?: boolean;
  /** Further flags of one controller, by its id. */
  readonly flags?: Readonly<Record<number, readonly string[]>>;
  /** The directory of another release, whose controllers are started. */
  readonly project?: string;
  /** False: `startCluster` returns once the processes are started, without waiting until they are ready. */
  readonly untilReady?: boolean;
}

/** The cluster secret of all clusters in tests. */
export const SECRET = 'the secret of a cluster of tests';

const READY_WITHIN_MS = HANGS_AFTER_MS;

/**
 * Settings with which a busy machine does not look like a failure. They serve tests in which nothing is made to fail:
 * vitest.config.mts sets them for a whole project. Tests of failures use the defaults.
 */
const PATIENT = { threshold: '30', lease_time: '3', request_timeout: '10', store_timeout: '5' };
const DEFAULTS = process.env.TEST_CLUSTERS === 'patient' ? PATIENT : {};

/** Starts controllers and their stores as processes, and waits until all controllers report that they are ready. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { controllers = 3, store = 'memcache' } = options;
  const { hosts = new Array<Host>(controllers).fill(LOOPBACK) } = options;
  const stores = store === 'custom' ? [] : await startStores(store, hosts, options.memcached);
  const cluster = new Cluster(options, hosts, await freePorts(hosts.length), stores);
  try {
    showIfTestFails(cluster);
    cluster.startAll();
    if (options.untilReady !== false) await cluster.ready();
    return cluster;
  } catch (error) {
    await cluster.abandon();
    throw error;
  }
}

/**
 * Prints the last lines of the logs when the test that started the cluster fails; does nothing in a hook of several
 * tests.
 */
function showIfTestFails(cluster: Cluster): void {
  try {
    onTestFailed(() => console.error(`the controllers of the failed test:\n${cluster.tail()}`));
  } catch {
    // The cluster was started in `beforeAll`, for several tests.
  }
}

/** A cluster that one test owns. `await using` stops it at the end of the test, also after a failure. */
export class Cluster {
  readonly controllers: readonly ControllerProcess[];
  readonly stores: readonly StoreProcess[];
  readonly #directory: string;
  readonly #flags: ClusterOptions['flags'];
  #project: string | undefined;
  readonly #clients = new Set<TextClient>();
  /** The last lines of the logs; null while the cluster exists. */
  #lastTail: string | null = null;

  constructor(
    options: ClusterOptions,
    hosts: readonly Host[],
    ports: readonly number[],
    stores: readonly StoreProcess[],
  ) {
    const { level, store = 'memcache', settings = {}, keyspaces = {}, flags, hasSecret = true } = options;
    this.#flags = flags;
    this.#project = options.project;
    this.#directory = mkdtempSync(join(tmpdir(), 'memchorus-test-'));
    this.stores = stores;
    const { configFile } = this;
    const lines = Object.entries({
      peers: ports.map((port, id) => `${hosts[id]!.address}:${port}`).join(','),
      store: store === 'custom' ? 'custom' : 'memcache',
      ...(stores.length > 0 && {
        stores: stores.map(({ address }) => `${address.host}:${address.port}`).join(','),
      }),
      log_file: join(this.#directory, 'log.log'),
      data_dir: this.dataDir,
      ...(hasSecret && { cluster_secret: this.secretFile }),
      ...DEFAULTS,
      ...settings,
    }).map(([key, value]) => `${key} = ${value}\n`);
    writeFileSync(this.secretFile, SECRET, { mode: 0o600 });
    const sections = Object.entries(keyspaces).map(
      ([name, { prefix, consistency }]) =>
        `[keyspace ${name}]\nprefix = ${prefix}\nconsistency = ${consistency}\n`,
    );
    writeFileSync(configFile, `[common]\n${lines.join('')}${sections.join('')}`);
    this.controllers = ports.map((port, id) => {
      const logFile = join(this.#directory, `log-${id}.log`);
      return new ControllerProcess({ configFile, logFile, host: hosts[id]!, port, level });
    });
  }

  /** The data directory, unless the settings name another. */
  get dataDir(): string {
    return join(this.#directory, 'data');
  }

  get secretFile(): string {
    return join(this.#directory, 'cluster-secret');
  }

  get configFile(): string {
    return join(this.#directory, 'config.ini');
  }

  get ports(): number[] {
    return this.controllers.map(({ port }) => port);
  }

  startAll(): void {
    this.controllers.forEach((_, id) => {
      this.start(id);
    });
  }

  /** @param environment variables in addition to those of the tests */
  start(id: number, environment?: Readonly<Record<string, string>>): void {
    this.controllers[id]!.start(this.#flags?.[id], environment, this.#project);
  }

  /** Controllers are started from the sources of this project from now on, and no longer from `project`. */
  becomeThisRelease(): void {
    this.#project = undefined;
  }

  kill(id: number): Promise<void> {
    return this.controllers[id]!.kill();
  }

  pause(id: number): void {
    this.controllers[id]!.pause();
  }

  resume(id: number): void {
    this.controllers[id]!.resume();
  }

  /** Kills the controller if it runs, starts it, and waits until all running controllers report that they are ready. */
  async restart(id: number): Promise<void> {
    if (this.controllers[id]!.isRunning) await this.kill(id);
    this.start(id);
    await this.ready();
  }

  /** The memcached of a controller, which a test may kill, start or pause. */
  memcached(id: number): Memcached {
    const store = this.stores[id];
    if (store instanceof Memcached) return store;
    throw new Error('the stores of this cluster are not memcacheds of this machine');
  }

  /** Connects to a controller. The connection is closed with the cluster at the latest. */
  async client(id: number): Promise<TextClient> {
    const client = await this.#connect(id);
    this.#clients.add(client);
    client.socket.once('close', () => this.#clients.delete(client));
    return client;
  }

  /** Connects to every controller. */
  clients(): Promise<TextClient[]> {
    return Promise.all(this.controllers.map((_, id) => this.client(id)));
  }

  async status(id: number): Promise<Status> {
    using client = await this.#connect(id);
    const [json] = await client.lines('show json');
    return JSON.parse(json!) as Status;
  }

  /** Resolves once every running controller reports that it is ready, and that every other running one is a member. */
  async ready(withinMs = READY_WITHIN_MS): Promise<void> {
    try {
      await eventually(() => this.#allReady(), withinMs);
    } catch (cause) {
      throw new Error(`the cluster was not ready within ${withinMs} ms:\n${this.tail()}`, { cause });
    }
  }

  /** The output of the controllers, and the last lines of their logs. */
  tail(): string {
    return this.#lastTail ?? this.controllers.map((controller) => controller.tail()).join('\n---\n');
  }

  /** Stops all processes, and checks that every controller that still ran exits with 0. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    try {
      const running = this.controllers.filter(({ isRunning }) => isRunning);
      const codes = await Promise.all(running.map((controller) => controller.stop()));
      if (codes.some((code) => code !== 0)) {
        throw new Error(
          `exit codes ${codes}:\n${running.map((controller) => controller.tail()).join('\n---\n')}`,
        );
      }
    } finally {
      await this.abandon();
    }
  }

  /** Kills all processes. */
  async abandon(): Promise<void> {
    for (const client of this.#clients) client.close();
    const running = this.controllers.filter(({ isRunning }) => isRunning);
    await Promise.all(running.map((controller) => controller.kill()));
    this.#lastTail = this.tail();
    // memcached takes up to a second to end when it is asked to.
    await Promise.all(this.stores.map((store) => (store instanceof Memcached ? store.kill() : store.stop())));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #connect(id: number): Promise<TextClient> {
    const { host, port } = this.controllers[id]!;
    return TextClient.connect(port, host);
  }

  async #allReady(): Promise<true> {
    const running = this.controllers.flatMap(({ isRunning }, id) => (isRunning ? [id] : []));
    if (running.length === 0) throw new Error('no controller runs');
    for (const status of await Promise.all(running.map((id) => this.status(id)))) {
      if (!status.ready) throw new Error(`controller ${status.controller}: ${status.reason}`);
      const unseen = running.find((id) => !['member', 'unknown'].includes(status.peers[id]!.role));
      if (unseen !== undefined) throw new Error(`controller ${status.controller} does not see ${unseen}`);
    }
    return true;
  }
}
