import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { atEnd } from '../support/at-end.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const NODE = resolve(PROJECT, 'node_modules/.bin/node');

const running = new Set<ChildProcess>();

atEnd(() => {
  for (const child of running) child.kill('SIGKILL');
});

interface Started {
  readonly child: ChildProcess;
  readonly said: () => string;
}

function start(environment: Readonly<Record<string, string>>, ...words: string[]): Started {
  const child = spawn(NODE, ['main.ts', '-dialect', 'view-change', ...words], {
    cwd: PROJECT,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  return { child, said: () => said };
}

async function end({ child }: Started, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  const exited = once(child, 'exit');
  child.kill(signal);
  const [code] = (await exited) as [number | null];
  running.delete(child);
  return code;
}

afterEach(async () => {
  for (const child of running) await end({ child, said: () => '' }, 'SIGKILL');
});

async function ask(address: string, method: string, path: string, body?: object) {
  const answer = await fetch(`http://${address}${path}`, {
    method,
    signal: AbortSignal.timeout(20_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as unknown };
}

async function served(address: string, path = '/kvs/any'): Promise<void> {
  await eventually(async () => (await ask(address, 'GET', path)).status === 404 && 'served');
}

describe('processes of the store with view change', () => {
  it('pass requests on to a main instance that is killed, and comes back empty', async () => {
    const port = await freePort();
    const [mainAt, followerAt] = [`127.0.0.2:${port}`, `127.0.0.3:${port}`];
    const followed = { ADDRESS: followerAt, FORWARDING_ADDRESS: mainAt };
    const follower = start(followed);
    const down = { status: 503, body: { error: 'Main instance is down', message: 'Error in GET' } };
    await eventually(async () => expect(await ask(followerAt, 'GET', '/kvs/a')).toEqual(down));
    const main = start({ ADDRESS: mainAt, FORWARDING_ADDRESS: '' });
    await served(followerAt);
    expect((await ask(followerAt, 'PUT', '/kvs/a', { value: 1 })).status).toBe(201);
    const found = { doesExist: true, message: 'Retrieved successfully', value: 1 };
    for (const address of [mainAt, followerAt])
      expect(await ask(address, 'GET', '/kvs/a')).toEqual({ status: 200, body: found });
    await end(main, 'SIGKILL');
    expect(await ask(followerAt, 'GET', '/kvs/a')).toEqual(down);
    start({ ADDRESS: mainAt, FORWARDING_ADDRESS: '' });
    await served(followerAt, '/kvs/a');
    expect(await end(follower, 'SIGTERM')).toBe(0);
  });

  it('are nodes that are their own view, and leave an address alone that another one has', async () => {
    const address = `127.0.0.2:${await freePort()}`;
    const node = start({ ADDRESS: address, VIEW: address });
    await served(address, '/kvs/keys/any');
    expect((await ask(address, 'PUT', '/kvs/keys/a', { value: [1] })).status).toBe(201);
    const second = start({ ADDRESS: address });
    const [code] = (await once(second.child, 'exit')) as [number | null];
    running.delete(second.child);
    expect(code).toBe(1);
    expect(second.said()).toContain(address);
    expect(await ask(address, 'GET', '/kvs/key-count')).toEqual({
      status: 200,
      body: { message: 'Key count retrieved successfully', 'key-count': 1 },
    });
    expect(await end(node, 'SIGTERM')).toBe(0);
  });
});
