import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Module } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { StartedCluster } from '../support/started-cluster.ts';

/** The Node.js of this machine, if it is older than the version that the controllers need. */
const OLD_NODE = ['/usr/bin/node', '/usr/local/bin/node'].find((program) => {
  try {
    const major = Number(/^v(\d+)/.exec(execFileSync(program, ['-v']).toString())?.[1]);
    return major >= 20 && major < 24;
  } catch {
    return false;
  }
});
const without = OLD_NODE === undefined ? ' (there is none on this machine)' : '';

describe.skipIf(OLD_NODE === undefined)(`main.ts on an old Node.js${without}`, () => {
  it('behaves as on the required Node.js, and exits with the same code', async () => {
    await using cluster = await StartedCluster.create();
    const main = join(cluster.project, 'main.ts');
    expect(await cluster.run(OLD_NODE!, main, '--version')).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^memchorus \d/),
      stderr: '',
    });
    expect(await cluster.run(OLD_NODE!, main, '-p', '8000', '-cons', 'x')).toMatchObject({ code: 2 });
  });

  it('passes signals on to the controller, and ends as the controller does', async () => {
    await using cluster = await StartedCluster.create();
    const [port] = cluster.ports;
    const words = ['-p', `${port}`, '--peers', `127.0.0.1:${port}`, '-kv', 'custom', '--data-dir', '-'];
    const child = cluster.spawn(OLD_NODE!, join(cluster.project, 'main.ts'), ...words);
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect((await cluster.ask(0, 'who')).code).toBe(1);
  });
});

describe('main.ts', () => {
  it('can be read by every Node.js, since it is a CommonJS module without types', async () => {
    await using cluster = await StartedCluster.create();
    const text = readFileSync(join(cluster.project, 'main.ts'), 'utf8');
    expect(() => new Script(Module.wrap(text))).not.toThrow();
    const manifest = JSON.parse(readFileSync(join(cluster.project, 'package.json'), 'utf8'));
    expect(manifest).not.toHaveProperty('type');
  });
});
