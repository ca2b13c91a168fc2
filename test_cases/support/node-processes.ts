import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { atEnd } from './at-end.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const NODE = resolve(PROJECT, 'node_modules/.bin/node');

/** A node of a dialect, as a process. */
export interface NodeProcess {
  readonly child: ChildProcess;
  /** All that it has printed so far. */
  readonly said: () => string;
}

/** Nodes of one dialect, each a process. */
export class NodeProcesses {
  readonly #dialect: string;
  readonly #running = new Set<ChildProcess>();

  constructor(dialect: string) {
    this.#dialect = dialect;
    atEnd(() => {
      for (const child of this.#running) child.kill('SIGKILL');
    });
  }

  start(environment: Readonly<Record<string, string>>, ...words: string[]): NodeProcess {
    // Without words the environment says which dialect it is.
    const chosen = words.length === 0 ? [] : ['-dialect', this.#dialect, ...words];
    const child = spawn(NODE, ['main.ts', ...chosen], {
      cwd: PROJECT,
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    return { child, said: () => said };
  }

  /** @returns the exit code; null after SIGKILL */
  async end({ child }: NodeProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const exited = once(child, 'exit');
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.end({ child, said: () => '' }, 'SIGKILL')));
  }
}
