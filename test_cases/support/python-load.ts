import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const PYTHON = '/usr/bin/python3';

/** An application that writes and reads keys of its own by pymemcache, a client that is not ours. */
export class PythonLoad {
  readonly #process: ChildProcessWithoutNullStreams;
  #printed = '';

  /** @param ports the controller that it uses, and those to which it goes when that one closes the connection */
  constructor(ports: readonly number[]) {
    const script = join(import.meta.dirname, 'pymemcache-load.py');
    this.#process = spawn(PYTHON, [script, ...ports.map(String)]);
    this.#process.stdout.on('data', (chunk: Buffer) => {
      this.#printed += chunk.toString();
    });
  }

  async stop(): Promise<{ answered: number; moves: number; wrong: string[] }> {
    this.#process.stdin.end();
    await once(this.#process, 'close');
    return JSON.parse(this.#printed) as { answered: number; moves: number; wrong: string[] };
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
