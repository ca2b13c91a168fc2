import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The directory of main.ts, whatever the current directory is. */
export const PROJECT_DIRECTORY = resolve(import.meta.dirname, '../..');

export const MAIN_FILE = join(PROJECT_DIRECTORY, 'main.ts');

export const PROJECT_CONFIG_FILE = join(PROJECT_DIRECTORY, 'config.ini');

/**
 * Where Node.js caches the code without its types, which makes a start four times as fast. The cache lies
 * beside the packages, because a user who can write there can have any code run anyway. If it cannot be
 * written, nothing is cached.
 */
export const CODE_CACHE_DIRECTORY = join(PROJECT_DIRECTORY, 'node_modules', '.cache', 'memchorus');

/**
 * The environment for a process that is started from here: with the cache, it never loads the type stripper,
 * which takes 15 MB. A process that is started by hand loads its first file before anything could set this.
 */
export function withCodeCache(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { NODE_COMPILE_CACHE: CODE_CACHE_DIRECTORY, ...environment };
}

/**
 * The directory for logs and for the record of what runs. With `MEMCHORUS_RUN_DIR`, several clusters can run
 * beside each other.
 */
export function runDirectory(): string {
  return resolve(process.env.MEMCHORUS_RUN_DIR || defaultRunDirectory());
}

export function defaultRunDirectory(): string {
  return join(PROJECT_DIRECTORY, '.memchorus');
}

/** `./config.ini`, or else the one beside main.ts. Either may be missing. */
export function defaultConfigFile(): string {
  const here = 'config.ini';
  return existsSync(here) ? here : PROJECT_CONFIG_FILE;
}

/** The XDG base directory for state that should outlive a run and is not configuration. */
export function stateDirectory(): string {
  const base = process.env.XDG_STATE_HOME;
  return join(base?.startsWith('/') ? base : join(homedir(), '.local', 'state'), 'memchorus');
}
