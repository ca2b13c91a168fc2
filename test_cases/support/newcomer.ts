import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { MembersStatus } from '../../src/controller/status/status.ts';
import type { Level } from '../../src/placement/level.ts';
import type { Cluster } from './cluster.ts';
import { ControllerProcess } from './controller-process.ts';
import { LOOPBACK } from './host.ts';

const PROJECT = resolve(import.meta.dirname, '../..');

/** A controller that is not in `peers`. */
export class Newcomer extends ControllerProcess {
  readonly #others: readonly number[];

  constructor(cluster: Cluster, port: number, others: readonly number[], level: Level) {
    const logFile = join(cluster.dataDir, `../log-of-${port}.log`);
    super({ configFile: cluster.configFile, logFile, host: LOOPBACK, port, level });
    this.#others = others;
  }

  begin(): void {
    this.start(['--join', this.#others.map((port) => `127.0.0.1:${port}`).join(',')]);
  }
}

/** Runs `main.ts member …` at the controller with this port. */
export function member(cluster: Cluster, port: number, ...words: string[]): Promise<string> {
  return main(cluster, port, 'member', ...words);
}

/** Runs `main.ts` with these words at the controller with this port. */
export function main(cluster: Cluster, port: number, ...words: string[]): Promise<string> {
  const asked = [...words, '-c', cluster.configFile, '-p', `${port}`];
  const program = resolve(PROJECT, 'node_modules/.bin/node');
  const env = { ...process.env, MEMCHORUS_RUN_DIR: join(cluster.dataDir, '../run') };
  return new Promise((done, fail) => {
    execFile(program, ['main.ts', ...asked], { cwd: PROJECT, env }, (error, stdout, stderr) => {
      if (error === null) done(stdout);
      else fail(new Error(`${words.join(' ')}: ${stdout}${stderr}`));
    });
  });
}

export async function membersAt(cluster: Cluster, port: number): Promise<MembersStatus> {
  return JSON.parse(await member(cluster, port, '--json')) as MembersStatus;
}

export const votersIn = ({ controllers }: MembersStatus) =>
  controllers.flatMap(({ id, votes }) => (votes ? [id] : []));
