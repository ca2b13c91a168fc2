import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../../../controller/settings.ts';
import { probePort } from '../../../store/probe-port.ts';
import { NODE_TRANSPORT } from '../../../transport/node-transport.ts';
import { OperationError } from '../../failure.ts';
import { formatAddress } from '../../settings/address.ts';
import { isAlive, spawnDetached } from '../processes.ts';
import type { ClusterProcess } from '../run-record.ts';

/** How long a memcached may take until it answers, in milliseconds. */
const READY_TIMEOUT_MS = 5000;

const POLL_MS = 20;

/** The memory of one memcached for items, in megabytes. */
const MEMORY_MEGABYTES = 64;

/** @returns the version of the `memcached` program; null when there is none */
export function memcachedVersion(): Promise<string | null> {
  return new Promise((resolve) => {
    execFile('memcached', ['-V'], { timeout: 2000 }, (error, stdout) => {
      resolve(error === null ? (/\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'of unknown version') : null);
    });
  });
}

/**
 * Starts one memcached on its own address.
 *
 * @param itemBytesMax its `-I`; memcached requires that two such items fit into its memory
 * @throws OperationError
 */
export async function startMemcached(
  id: number,
  address: Address,
  itemBytesMax: number,
  directory: string,
): Promise<ClusterProcess> {
  const name = `memcached-${id}`;
  const output = join(directory, `${name}.log`);
  const megabytes = Math.max(MEMORY_MEGABYTES, Math.ceil((4 * itemBytesMax) / 1024 ** 2));
  const words = ['-l', address.host, '-p', String(address.port), '-U', '0', '-m', String(megabytes)];
  words.push('-I', String(itemBytesMax), ...asUnprivilegedUser());
  const started = await spawnDetached('memcached', words, {
    workingDirectory: directory,
    outputFile: output,
  });
  if (started === null)
    throw new OperationError('STORE_NOT_STARTED', `${name} could not be started; ${lastWords(output)}`);
  return { ...started, name, address, logs: [{ file: output, from: 0 }] };
}

/** Words that name another user, because memcached refuses to run as root. */
function asUnprivilegedUser(): string[] {
  return process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
}

/** @throws OperationError when it ends, or does not answer in time */
export async function waitForMemcached(member: ClusterProcess): Promise<void> {
  const problem = await answerProblem(member.address, () => isAlive(member));
  if (problem === null) return;
  const where = `${member.name} on ${formatAddress(member.address)}`;
  throw new OperationError('STORE_NOT_STARTED', `${where} ${problem}; ${lastWords(member.logs[0]!.file)}`);
}

/**
 * Waits for a memcached that is not a process of this machine. @throws OperationError when it does not answer
 * in time
 */
export async function waitForAnswer(address: Address): Promise<void> {
  const problem = await answerProblem(address, () => true);
  if (problem !== null)
    throw new OperationError('STORE_NOT_USABLE', `the memcached on ${formatAddress(address)} ${problem}`);
}

/** @returns null once it answers */
async function answerProblem(address: Address, lives: () => boolean): Promise<string | null> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while ((await probePort(NODE_TRANSPORT, address, READY_TIMEOUT_MS)).kind !== 'memcached') {
    if (!lives()) return 'ended at once';
    if (performance.now() > deadline) return `does not answer within ${READY_TIMEOUT_MS / 1000} s`;
    await sleep(POLL_MS);
  }
  return null;
}

function lastWords(file: string): string {
  const last = readFileSync(file, 'latin1').trim().split('\n').at(-1);
  return last === undefined || last === '' ? 'it said nothing' : `it said: ${last}`;
}
