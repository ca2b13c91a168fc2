import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The directory of main.ts, whatever the current one is. */
export const PROJECT_DIRECTORY = resolve(import.meta.dirname, '../..');

export const MAIN_FILE = join(PROJECT_DIRECTORY, 'main.ts');

export const PROJECT_CONFIG_FILE = join(PROJECT_DIRECTORY, 'config.ini');

/**
 * Where Node.js keeps the code without its types between starts, so that they take a quarter of the time. Beside the
 * packages: whoever can write there can have code run here anyway. Where it can't be written, nothing is kept.
 */
export const CODE_CACHE_DIRECTORY = join(PROJECT_DIRECTORY, 'node_modules', '.cache', 'memchorus');

/**
 * For a process that is started from here: it then never loads what takes the types off, 15 MB. One that is started
 * by hand has its first file read before anybody could tell.
 */
export function withCodeCache(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { NODE_COMPILE_CACHE: CODE_CACHE_DIRECTORY, ...environment };
}

/** Logs and the record of what runs; `MEMCHORUS_RUN_DIR` lets clusters run beside each other. */
export function runDirectory(): string {
  return resolve(process.env.MEMCHORUS_RUN_DIR || defaultRunDirectory());
}

export function defaultRunDirectory(): string {
  return join(PROJECT_DIRECTORY, '.memchorus');
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
