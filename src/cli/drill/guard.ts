import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN_FILE, withCodeCache } from '../locations.ts';

/** What the guard prints. */
const OUTPUT_FILE = 'drill-undo.out';

/** Waits for a line. Its input ends without one when the drill was killed: then it undoes what the drill did. */
const SCRIPT = 'IFS= read -r line; [ "$line" = done ] || exec "$0" "$@"';

/**
 * A process beside the drill that outlives it, whatever ends it, and undoes what it did if it could not do so itself.
 * The guard is in a process group of its own: Ctrl-C does not reach it.
 */
export class Guard {
  readonly #child: ChildProcess;

  constructor(directory: string) {
    const output = openSync(join(directory, OUTPUT_FILE), 'w');
    this.#child = spawn('sh', ['-c', SCRIPT, process.execPath, MAIN_FILE, 'drill', '--undo'], {
      detached: true,
      stdio: ['pipe', output, output],
      env: withCodeCache({ ...process.env, MEMCHORUS_RUN_DIR: directory }),
    });
    closeSync(output);
    this.#child.unref();
    // Without a guard, `drill --undo` is what is left.
    this.#child.on('error', () => {});
    this.#child.stdin!.on('error', () => {});
  }

  /** Everything is undone. */
  dismiss(): void {
    this.#child.stdin!.end('done\n');
  }
}
