import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadRunRecord } from '../../src/cli/cluster/run-record.ts';
import { OperationError, reasonOf } from '../../src/cli/failure.ts';
import { MAIN_FILE } from '../../src/cli/locations.ts';
import { isSettingKey } from '../../src/cli/settings/setting-table.ts';
import { freePorts } from '../../test_cases/support/free-port.ts';
import { own } from '../processes.ts';
import { memcachedObstacle, startMemcached } from './memcached.ts';
import type { SubjectKind } from './subject.ts';

export interface ClusterWish {
  readonly level: string;
  /** Three by default. */
  readonly controllers?: number;
  /** Settings other than the defaults, by their names in config.ini. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How clients speak to it; memcached's text protocol by default. */
  readonly dialect?: 'memcached' | 'http';
  /** Added to the level in the name of the subject, when several are measured together. */
  readonly suffix?: string;
}

/**
 * A cluster that the product's own command line starts and stops, with default settings, in front of
 * memcacheds like those of the other subjects.
 */
export function memchorus(wish: ClusterWish): SubjectKind {
  const { level, controllers = 3, settings = {}, suffix = '', dialect = 'memcached' } = wish;
  const details = Object.entries(settings).map(([key, value]) => `, ${key} = ${value}`);
  const way = dialect === 'http' ? ', over HTTP' : '';
  return {
    name: `memchorus ${level}${suffix}`,
    what: `memchorus, ${controllers} controllers with a memcached each, ${level}${details.join('')}${way}`,
    dialect,
    obstacle() {
      const unknown = Object.keys(settings).find((key) => !isSettingKey(key));
      if (unknown !== undefined) return `this version of memchorus has no setting ${unknown}`;
      return memcachedObstacle();
    },
    async start(directory) {
      const stores = await Promise.all(
        Array.from({ length: controllers }, (_, id) => startMemcached(`memcached-${id}`, directory)),
      );
      const ports = await freePorts(controllers);
      const cluster = new Cluster(directory);
      await cluster.start([
        `--peers=${addresses(ports)}`,
        `--stores=${addresses(stores.map(({ port }) => port))}`,
        `-cons=${level}`,
        ...flagsOf({ ...ownDirectory(directory), ...settings }),
      ]);
      return {
        name: this.name,
        dialect: this.dialect,
        ports,
        processes: [
          ...cluster.pids.map((pid, id) => ({ role: 'front' as const, name: `controller-${id}`, pid })),
          ...stores.map(({ server }) => ({ role: 'store' as const, name: server.name, pid: server.pid })),
        ],
        stop: async () => {
          await cluster.stop();
          await Promise.all(stores.map(({ server }) => server.stop()));
        },
      };
    },
  };
}

function flagsOf(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).map(([key, value]) => `--${key.replaceAll('_', '-')}=${value}`);
}

/** The data directory of versions that have a journal on disk: on the disk that is measured. */
function ownDirectory(directory: string): Record<string, string> {
  return isSettingKey('data_dir') ? { data_dir: join(directory, 'data') } : {};
}

function addresses(ports: readonly number[]): string {
  return ports.map((port) => `127.0.0.1:${port}`).join(',');
}

/** Runs `main.ts start` and `main.ts stop` in a run directory of its own. */
class Cluster {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = join(directory, 'run');
    mkdirSync(this.#directory);
  }

  /** The pids of the controllers by id, as far as they have been started. */
  get pids(): number[] {
    return loadRunRecord(this.#directory)?.controllers.map(({ pid }) => pid) ?? [];
  }

  async start(flags: readonly string[]): Promise<void> {
    const config = join(this.#directory, 'config.ini');
    writeFileSync(config, '[common]\n');
    // Runs before the other listeners, because the record of what runs is removed with the directory.
    process.prependListener('exit', this.#kill);
    await this.#main('start', '-c', config, ...flags);
  }

  async stop(): Promise<void> {
    await this.#main('stop');
    process.off('exit', this.#kill);
  }

  async #main(...words: readonly string[]): Promise<void> {
    const given = Object.entries(process.env).filter(([name]) => !name.startsWith('MEMCHORUS_'));
    const env = { ...Object.fromEntries(given), MEMCHORUS_RUN_DIR: this.#directory };
    try {
      const ends = promisify(execFile)(process.execPath, [MAIN_FILE, ...words], { env });
      own(ends.child);
      await ends;
    } catch (error) {
      const { stderr, stdout } = error as { stderr?: string; stdout?: string };
      throw new OperationError('BENCH', `main.ts ${words[0]}: ${stderr || stdout || reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  /** Ends the controllers when this process ends early: they are not children of it. */
  #kill = (): void => {
    for (const pid of this.pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // The process has ended already.
      }
    }
  };
}
