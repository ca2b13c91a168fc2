import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessRecord } from '../../src/cli/cluster/processes.ts';
import { MAIN_FILE } from '../../src/cli/locations.ts';
import { eventually } from './eventually.ts';
import type { LabResult } from './lab-run.ts';

/**
 * What it has printed before its end arrives within this time, in milliseconds. The output itself ends later where a
 * process that stands still has it, too.
 */
const LAST_OUTPUT_MS = 2_000;

/** `main.ts lab`, run as users do. */
export class LabCommand {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #runDirectory: string;
  readonly #ended: Promise<unknown>;
  #stdout = '';
  #stderr = '';

  constructor(runDirectory: string, words: readonly string[] = []) {
    this.#runDirectory = runDirectory;
    this.#child = spawn(process.execPath, [MAIN_FILE, 'lab', ...words], {
      env: { ...process.env, MEMCHORUS_RUN_DIR: runDirectory },
    });
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString('latin1');
    });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString('utf8');
    });
    // It may end before it has read everything.
    this.#child.stdin.on('error', () => {});
    this.#ended = Promise.race([
      once(this.#child, 'close'),
      once(this.#child, 'exit').then(() => sleep(LAST_OUTPUT_MS)),
    ]);
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** @param lines latin-1 */
  type(lines: string): void {
    this.#child.stdin.write(lines, 'latin1');
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits until it has printed this many lines on standard output. */
  printed(lines: number): Promise<unknown> {
    return eventually(() => this.#stdout.split('\n').length > lines);
  }

  /** Of its servers and clients, and of those that it has started ahead. */
  members(): readonly ProcessRecord[] {
    const file = readdirSync(this.#runDirectory).find((name) => /^lab-\d+\.json$/.test(name))!;
    return JSON.parse(readFileSync(join(this.#runDirectory, file), 'utf8')).members;
  }

  /** Ends its input, and waits for its end. */
  async end(): Promise<LabResult> {
    this.#child.stdin.end();
    await this.#ended;
    const stderr = this.#stderr.split('\n').filter((line) => line !== '');
    return { stdout: this.#stdout, stderr, exitCode: this.#child.exitCode ?? -1 };
  }
}

/** Runs a whole script with processes. @param script a latin-1 string */
export function runWithProcesses(
  script: string,
  runDirectory: string,
  words: readonly string[],
): Promise<LabResult> {
  const command = new LabCommand(runDirectory, words);
  command.type(script);
  return command.end();
}

/** Prints one line. */
export const TWO_SERVERS = 'joinServer 0\njoinServer 1\njoinClient 9 0\nput 9 x one\nget 9 x\n';

/** A lab with two servers and a client, and the processes of all. */
export async function startLab(
  runDirectory: string,
): Promise<{ readonly lab: LabCommand; readonly members: readonly ProcessRecord[] }> {
  const lab = new LabCommand(runDirectory);
  lab.type(TWO_SERVERS);
  await lab.printed(1);
  return { lab, members: lab.members() };
}
