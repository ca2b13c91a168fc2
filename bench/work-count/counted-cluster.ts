import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Status } from '../../src/controller/status/status.ts';
import { eventually } from '../../test_cases/support/eventually.ts';
import { freePorts } from '../../test_cases/support/free-port.ts';
import { TextClient } from '../../test_cases/support/text-client.ts';
import { own, type Server } from '../processes.ts';
import { startMemcached } from '../subjects/memcached.ts';
import type { Counted } from './counted.ts';
import type { Allocation, Question } from './probe.ts';

const CONTROLLERS = 3;

/** Settings that make background activity rare, so that the counted work belongs to the operations. */
const SETTINGS = {
  heartbeat_time: '3',
  threshold: '4',
  lease_time: '12',
  sync_interval: '600',
  request_timeout: '30',
};

/**
 * The young generation, in megabytes per semi-space, as V8 rounds it: no collection happens before so much
 * was allocated.
 */
const SEMI_SPACE_MEGABYTES = 256;
const NODE_FLAGS = [
  '--expose-gc',
  `--min-semi-space-size=${SEMI_SPACE_MEGABYTES}`,
  `--max-semi-space-size=${SEMI_SPACE_MEGABYTES}`,
];

/** Generous, because three starts have taken 18 s on a busy machine. */
const READY_WITHIN_MS = 50_000;

/** Three controllers that can be asked how much they have allocated. `await using` ends them. */
export class CountedCluster {
  readonly directory = mkdtempSync(join(tmpdir(), 'memchorus-count-'));
  readonly #stores: { readonly server: Server; readonly port: number }[] = [];
  readonly #controllers: ChildProcess[] = [];
  /** The id of the controller that the client is connected to. */
  origin = 0;
  ports: readonly number[] = [];

  private constructor() {}

  static async start({ settings, place }: Counted): Promise<CountedCluster> {
    const cluster = new CountedCluster();
    try {
      await cluster.#start(settings);
      cluster.origin = (await cluster.#members())[place] ?? place;
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** By id. */
  get pids(): number[] {
    return this.#controllers.map(({ pid }) => pid!);
  }

  get storePorts(): number[] {
    return this.#stores.map(({ port }) => port);
  }

  /** The allocation of every controller, by id. */
  ask(question: Question): Promise<Allocation[]> {
    return Promise.all(
      this.#controllers.map(async (controller) => {
        const answer = once(controller, 'message');
        controller.send(question);
        return (await answer)[0] as Allocation;
      }),
    );
  }

  /** The bytes that the controllers have sent each other since the start. */
  async bytesBetween(): Promise<number> {
    const sent = this.ports.map(async (port) => {
      using client = await TextClient.connect(port);
      return Number((await client.stats()).get('memchorus_peer_bytes_written'));
    });
    return (await Promise.all(sent)).reduce((sum, one) => sum + one, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#controllers.filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    );
    await Promise.all(
      running.map(async (controller) => {
        const ended = once(controller, 'exit');
        controller.kill('SIGKILL');
        await ended;
      }),
    );
    await Promise.all(this.#stores.map(({ server }) => server.stop()));
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #start(counted: Counted['settings']): Promise<void> {
    for (let id = 0; id < CONTROLLERS; id++) {
      this.#stores.push(await startMemcached(`memcached-${id}`, this.directory));
    }
    this.ports = await freePorts(CONTROLLERS);
    const config = join(this.directory, 'config.ini');
    const settings = {
      ...SETTINGS,
      ...counted,
      peers: addresses(this.ports),
      stores: addresses(this.storePorts),
      log_file: join(this.directory, 'controller.log'),
      data_dir: join(this.directory, 'data'),
    };
    const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`);
    writeFileSync(config, `[common]\n${lines.join('')}`);
    const output = join(this.directory, 'controllers.out');
    for (let id = 0; id < CONTROLLERS; id++) this.#controllers.push(launch(config, id, output));
    try {
      await eventually(() => this.#ready(), READY_WITHIN_MS);
    } catch (cause) {
      throw new Error(`the controllers did not become ready:\n${this.#said(output)}`, { cause });
    }
  }

  /** The output and logs of the controllers. */
  #said(output: string): string {
    const logs = this.#controllers.map((_, id) => join(this.directory, `controller-${id}.log`));
    return [output, ...logs.filter(existsSync)].map((file) => readFileSync(file, 'utf8')).join('\n');
  }

  /** The members of the view, in its order; none at a level without views. */
  async #members(): Promise<readonly number[]> {
    using client = await TextClient.connect(this.ports[0]!);
    const [json] = await client.lines('show json');
    return (JSON.parse(json!) as Status).view.members;
  }

  async #ready(): Promise<boolean> {
    const states = this.ports.map(async (port) => {
      using client = await TextClient.connect(port);
      const stats = await client.stats();
      return stats.get('memchorus_ready') === '1' && stats.get('memchorus_peers_up') === `${CONTROLLERS}`;
    });
    if (!(await Promise.all(states)).every(Boolean)) return false;
    return [0, CONTROLLERS].includes((await this.#members()).length);
  }
}

/** @param output the file for its output */
function launch(config: string, id: number, output: string): ChildProcess {
  const given = Object.entries(process.env).filter(([name]) => !name.startsWith('MEMCHORUS_'));
  const printed = openSync(output, 'a');
  const probe = join(import.meta.dirname, 'probe.ts');
  return own(
    fork(probe, ['-c', config, '--id', `${id}`], {
      execArgv: NODE_FLAGS,
      env: Object.fromEntries(given),
      stdio: ['ignore', printed, printed, 'ipc'],
    }),
  );
}

function addresses(ports: readonly number[]): string {
  return ports.map((port) => `127.0.0.1:${port}`).join(',');
}
