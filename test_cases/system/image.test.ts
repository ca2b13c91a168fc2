import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { mayRunAsNobody, NOBODY } from '../support/unprivileged.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const NODE = join(PROJECT, 'node_modules/.bin/node');
const DOCKERFILE = readFileSync(join(PROJECT, 'Dockerfile'), 'utf8');
const isRoot = process.getuid?.() === 0;

/** The user of the image: root owns the tree, and this user may write to the data only. */
const asUser = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** The files that the Dockerfile copies. */
const COPIED = [...DOCKERFILE.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, names]) => names!.split(' '));

describe.skipIf(!mayRunAsNobody)(
  'the files of the image, run by a user with write access to the volume only',
  () => {
    let base: string;
    let tree: string;
    let data: string;
    let environment: Record<string, string>;

    beforeAll(async () => {
      base = mkdtempSync(join(tmpdir(), 'memchorus-image-'));
      tree = join(base, 'opt');
      data = join(base, 'volume');
      mkdirSync(tree);
      mkdirSync(data);
      for (const name of COPIED) cpSync(join(PROJECT, name), join(tree, name), { recursive: true });
      symlinkSync(join(PROJECT, 'node_modules'), join(tree, 'node_modules'));
      if (isRoot) chownSync(data, NOBODY, NOBODY);
      chmodSync(base, 0o755);
      chmodSync(tree, 0o555);
      const set = [...DOCKERFILE.matchAll(/\b(MEMCHORUS_\w+)=(\S+)/g)].map(([, name, value]) => [
        name,
        value,
      ]);
      environment = {
        ...Object.fromEntries(set),
        MEMCHORUS_RUN_DIR: data,
        MEMCHORUS_ID: '0',
        MEMCHORUS_PEERS: `127.0.0.1:${await freePort()}`,
        MEMCHORUS_STORE: 'custom',
        PATH: process.env.PATH ?? '',
      };
    });

    afterAll(() => {
      chmodSync(tree, 0o755);
      rmSync(base, { recursive: true, force: true });
    });

    const health = () =>
      execFileSync('bash', [join(tree, 'deploy/docker/health.sh')], {
        env: environment,
        stdio: 'pipe',
        ...asUser,
      });

    it('start a controller that is healthy, writes its data to the volume, and ends on SIGTERM', async () => {
      expect(health).toThrow();
      const child = spawn(NODE, ['main.ts'], {
        cwd: tree,
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
        ...asUser,
      });
      let printed = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (printed += chunk));
      await eventually(() => printed.includes('listens on') || Promise.reject(new Error(printed)));
      await eventually(() => expect(health).not.toThrow());
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      expect(readdirSync(join(data, 'data'), { recursive: true })).toContainEqual(
        expect.stringContaining('controller-0'),
      );
      expect(printed).not.toMatch(/EACCES|EROFS/);
    });
  },
);
