import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Address } from '../../../controller/settings.ts';
import { OperationError } from '../../failure.ts';
import { PROJECT_DIRECTORY } from '../../locations.ts';

/** How long a Docker engine may take to answer, in milliseconds. */
const ENGINE_TIMEOUT_MS = 3000;

/** How long the start of the containers may take, pulling the image included, in milliseconds. */
const UP_TIMEOUT_MS = 180_000;

const STOP_TIMEOUT_MS = 30_000;

/** How many memcached services docker-compose.yml declares. */
const COMPOSE_STORES_MAX = 3;

/** How compose is called: as a plugin of docker, or as the older program docker-compose. */
export interface Compose {
  readonly name: 'docker compose' | 'docker-compose';
  readonly program: string;
  readonly words: readonly string[];
}

const PLUGIN: Compose = { name: 'docker compose', program: 'docker', words: ['compose'] };
const PROGRAM: Compose = { name: 'docker-compose', program: 'docker-compose', words: [] };

/** @returns why Docker cannot provide these stores; null when it can */
export async function dockerProblem(count: number): Promise<string | null> {
  if (count > COMPOSE_STORES_MAX) return `docker-compose.yml has ${COMPOSE_STORES_MAX} memcacheds`;
  const answers = await execute('docker', ['info', '--format', '{{.ServerVersion}}'], ENGINE_TIMEOUT_MS);
  if (!answers.ok) return 'no Docker engine answers';
  return (await composeFound()) === null ? 'there is no docker compose' : null;
}

async function composeFound(): Promise<Compose | null> {
  for (const compose of [PLUGIN, PROGRAM]) {
    const found = await execute(compose.program, [...compose.words, 'version'], ENGINE_TIMEOUT_MS);
    if (found.ok) return compose;
  }
  return null;
}

/** @throws OperationError when there is none */
export async function composeOf(): Promise<Compose> {
  const compose = await composeFound();
  if (compose === null)
    throw new OperationError('STORE_NOT_STARTED', 'there is no docker compose: install its plugin');
  return compose;
}

/**
 * Starts the memcacheds of these ids. It does not wait until they answer, because the older program has no
 * `--wait`.
 *
 * @throws OperationError with the last line of the output
 */
export async function composeUp(
  project: string,
  stores: readonly Address[],
  ids: readonly number[],
  itemBytesMax: number,
  signal: AbortSignal,
): Promise<void> {
  const environment: Record<string, string> = { MEMCHORUS_STORE_ITEM_MAX: String(itemBytesMax) };
  stores.forEach(({ port }, id) => {
    environment[`MEMCHORUS_STORE_PORT_${id}`] = String(port);
  });
  const words = ['up', '-d', ...ids.map((id) => `memcached-${id}`)];
  const { name, ok, output } = await compose(project, words, UP_TIMEOUT_MS, environment, signal);
  if (signal.aborted) throw new OperationError('INTERRUPTED', 'the start was interrupted');
  if (!ok)
    throw new OperationError(
      'STORE_NOT_STARTED',
      `${name} could not start the memcacheds: ${lastLine(output)}`,
    );
}

/** @returns null when the containers were stopped, otherwise the command that failed */
export function composeStop(project: string): Promise<string | null> {
  return composeEnd(project, ['stop']);
}

/** Stops the containers and removes them with their network. @returns as `composeStop` */
export function composeRemove(project: string): Promise<string | null> {
  return composeEnd(project, ['down', '--volumes']);
}

async function composeEnd(project: string, words: readonly string[]): Promise<string | null> {
  const { name, ok } = await compose(project, words, STOP_TIMEOUT_MS);
  return ok ? null : [name, '-p', project, ...words].join(' ');
}

async function compose(
  project: string,
  words: readonly string[],
  timeout: number,
  environment: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<CommandResult & { readonly name: string }> {
  const { name, program, words: leading } = await composeOf();
  const file = ['-f', join(PROJECT_DIRECTORY, 'docker-compose.yml'), '-p', project];
  const answer = await execute(program, [...leading, ...file, ...words], timeout, environment, signal);
  return { ...answer, name };
}

interface CommandResult {
  readonly ok: boolean;
  readonly output: string;
}

function execute(
  program: string,
  words: readonly string[],
  timeout: number,
  environment: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<CommandResult> {
  const options = {
    timeout,
    env: { ...process.env, ...environment },
    ...(signal !== undefined && { signal }),
  };
  return new Promise((resolve) => {
    execFile(program, words, options, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: `${stdout}\n${stderr}` });
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) || 'it said nothing';
}
