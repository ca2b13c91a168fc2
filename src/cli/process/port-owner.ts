import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import type { Address } from '../../controller/settings.ts';
import { type ControllerFound, controllerAt } from '../client/controller-at.ts';
import { systemCodeOf } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';

/** How long a tool of the system may take to say who has a port, in milliseconds. */
const TOOL_TIMEOUT_MS = 2000;

/** True when something listens there, so that a process of ours could not. */
export function isPortTaken(address: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error) => resolve(systemCodeOf(error) === 'EADDRINUSE'));
    probe.listen({ host: address.host, port: address.port, exclusive: true }, () => {
      probe.close(() => resolve(false));
    });
  });
}

/**
 * `127.0.0.1:8000 is in use by memcached (pid 123)`, as exactly as can be found out: a controller says itself who it
 * is, another process is known to the system's tools.
 */
export async function describeTakenPort(address: Address): Promise<string> {
  const controller = await controllerAt(address);
  const owner = controller === null ? await ownerInWords(address.port) : controllerInWords(controller);
  const by = owner === null ? '' : ` by ${owner}`;
  return `${formatAddress(address)} is in use${by}`;
}

function controllerInWords({ pid, status }: ControllerFound): string {
  const process = pid === null ? '' : ` (pid ${pid})`;
  return `controller ${status.controller} of cluster ${status.cluster}${process}`;
}

async function ownerInWords(port: number): Promise<string | null> {
  const pid = (await pidFromSs(port)) ?? (await pidFromLsof(port));
  if (pid === null) return null;
  return `${(await commandOf(pid)) ?? 'a process'} (pid ${pid})`;
}

/** From iproute2's `ss`: `… users:(("memcached",pid=123,fd=26))`. The name there is that of a thread. */
async function pidFromSs(port: number): Promise<number | null> {
  const output = await outputOf('ss', ['-Hltnp', `sport = :${port}`]);
  return numberIn(/\(\("[^"]*",pid=(\d+)/.exec(output));
}

/** From `lsof -F`: one field a line, `p123` the process. */
async function pidFromLsof(port: number): Promise<number | null> {
  const output = await outputOf('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fp']);
  return numberIn(/^p(\d+)$/m.exec(output));
}

function numberIn(match: RegExpExecArray | null): number | null {
  return match === null ? null : Number(match[1]);
}

/** The program of a process, without its directory, and of an interpreter also the script: `node main.ts`. */
async function commandOf(pid: number): Promise<string | null> {
  const [program = '', ...words] = await wordsOf(pid);
  if (program === '') return null;
  const script = words.find((word) => !word.startsWith('-'));
  const isInterpreter = /^(node|python[\d.]*|ruby|perl|java|bash|sh)$/.test(basename(program));
  return isInterpreter && script !== undefined
    ? `${basename(program)} ${basename(script)}`
    : basename(program);
}

async function wordsOf(pid: number): Promise<string[]> {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return (await outputOf('ps', ['-o', 'args=', '-p', String(pid)])).trim().split(' ');
  }
}

/** Empty when there is no such tool, or when it fails or hangs. */
function outputOf(tool: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(tool, words, { timeout: TOOL_TIMEOUT_MS }, (_, stdout) => resolve(stdout ?? ''));
  });
}
