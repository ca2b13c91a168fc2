import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import type { Address } from '../controller/settings.ts';
import { formatAddress } from './address.ts';
import { systemCodeOf } from './failure.ts';

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

/** `127.0.0.1:8000 is in use by memcached (pid 123)`, as exactly as the system's tools can say. */
export async function describeTakenPort(address: Address): Promise<string> {
  const owner = (await ownerFromSs(address.port)) ?? (await ownerFromLsof(address.port));
  const by = owner === null ? '' : ` by ${owner}`;
  return `${formatAddress(address)} is in use${by}`;
}

/** From iproute2's `ss`: `… users:(("memcached",pid=123,fd=26))`. */
async function ownerFromSs(port: number): Promise<string | null> {
  const output = await outputOf('ss', ['-Hltnp', `sport = :${port}`]);
  const match = /\(\("([^"]*)",pid=(\d+)/.exec(output);
  return match === null ? null : `${match[1]} (pid ${match[2]})`;
}

/** From `lsof -F`: one field a line, `p123` the process, `cmemcached` its command. */
async function ownerFromLsof(port: number): Promise<string | null> {
  const output = await outputOf('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']);
  const pid = /^p(\d+)$/m.exec(output)?.[1];
  const command = /^c(.+)$/m.exec(output)?.[1];
  return pid === undefined ? null : `${command ?? 'a process'} (pid ${pid})`;
}

/** Empty when there is no such tool, or when it fails or hangs. */
function outputOf(tool: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(tool, words, { timeout: TOOL_TIMEOUT_MS }, (_, stdout) => resolve(stdout ?? ''));
  });
}
