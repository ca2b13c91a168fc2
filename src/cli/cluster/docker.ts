import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Address } from '../../controller/settings.ts';
import { OperationError } from '../failure.ts';
import { PROJECT_DIRECTORY } from '../locations.ts';

/** How long a Docker engine may take to answer, in milliseconds. */
const ENGINE_TIMEOUT_MS = 3000;

/** Pulling the image included, in milliseconds. */
const UP_TIMEOUT_MS = 180_000;

const STOP_TIMEOUT_MS = 30_000;

/** The memcached services that docker-compose.yml declares. */
const COMPOSE_STORES_MAX = 3;

/** @returns why Docker cannot provide these stores, null when it can */
export async function dockerObstacle(count: number): Promise<string | null> {
  if (count > COMPOSE_STORES_MAX) return `docker-compose.yml has ${COMPOSE_STORES_MAX} memcacheds`;
  const answers = await docker(['info', '--format', '{{.ServerVersion}}'], ENGINE_TIMEOUT_MS, {});
  if (!answers.ok) return 'no Docker engine answers';
  const compose = await docker(['compose', 'version'], ENGINE_TIMEOUT_MS, {});
  return compose.ok ? null : 'docker has no compose plugin';
}

/** @throws OperationError with the last line that docker said */
export async function composeUp(
  project: string,
  stores: readonly Address[],
  itemBytesMax: number,
): Promise<void> {
  const services = stores.map((_, id) => `memcached-${id}`);
  const environment: Record<string, string> = { MEMCHORUS_STORE_ITEM_MAX: String(itemBytesMax) };
  stores.forEach(({ port }, id) => {
    environment[`MEMCHORUS_STORE_PORT_${id}`] = String(port);
  });
  const words = [...composeWords(project), 'up', '-d', '--wait', ...services];
  const { ok, output } = await docker(words, UP_TIMEOUT_MS, environment);
  if (!ok) throw new OperationError(`docker compose could not start the memcacheds: ${lastLine(output)}`);
}

/** @returns true when the containers were stopped */
export async function composeStop(project: string): Promise<boolean> {
  return (await docker([...composeWords(project), 'stop'], STOP_TIMEOUT_MS, {})).ok;
}

function composeWords(project: string): string[] {
  return ['compose', '-f', join(PROJECT_DIRECTORY, 'docker-compose.yml'), '-p', project];
}

function docker(
  words: readonly string[],
  timeout: number,
  environment: Readonly<Record<string, string>>,
): Promise<{ ok: boolean; output: string }> {
  const options = { timeout, env: { ...process.env, ...environment } };
  return new Promise((resolve) => {
    execFile('docker', words, options, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: `${stdout}\n${stderr}` });
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? 'it said nothing';
}
