import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The directory of main.ts, whatever the current one is. */
export const PROJECT_DIRECTORY = resolve(import.meta.dirname, '../..');

export const MAIN_FILE = join(PROJECT_DIRECTORY, 'main.ts');

export const PROJECT_CONFIG_FILE = join(PROJECT_DIRECTORY, 'config.ini');

/** Logs and the record of what runs; `MEMCHORUS_RUN_DIR` lets clusters run beside each other. */
export function runDirectory(): string {
  return resolve(process.env.MEMCHORUS_RUN_DIR || join(PROJECT_DIRECTORY, '.memchorus'));
}

/** `./config.ini`, else the one beside main.ts. Either may be missing. */
export function defaultConfigFile(): string {
  const here = 'config.ini';
  return existsSync(here) ? here : PROJECT_CONFIG_FILE;
}

/** The XDG base directory for what should outlive a run but is no configuration. */
export function stateDirectory(): string {
  const base = process.env.XDG_STATE_HOME;
  return join(base?.startsWith('/') ? base : join(homedir(), '.local', 'state'), 'memchorus');
}
