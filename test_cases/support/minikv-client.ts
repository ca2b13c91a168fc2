import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

const PROJECT = resolve(import.meta.dirname, '../..');
const NODE = resolve(PROJECT, 'node_modules/.bin/node');

export interface ClientRun {
  readonly code: number;
  /** Standard output. */
  readonly printed: string;
  /** Standard error. */
  readonly failure: string;
}

/** What a client that succeeds and has nothing to say comes to. */
export const SILENT_SUCCESS: ClientRun = { code: 0, printed: '', failure: '' };

/** Runs `main.ts minikv-client` with these words, as a process, to its end. */
export function miniKvClient(...words: string[]): Promise<ClientRun> {
  return new Promise((done) => {
    const program = ['main.ts', 'minikv-client', ...words];
    execFile(NODE, program, { cwd: PROJECT }, (error, printed, failure) => {
      done({ code: error === null ? 0 : Number(error.code), printed, failure });
    });
  });
}
