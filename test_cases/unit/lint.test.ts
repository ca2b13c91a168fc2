import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** The linter knows the types: promises that nobody waits for are errors, wherever they come from. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Each marked line leaves a promise alone; the others do not. */
const PLANTED = `
import { rm } from 'node:fs/promises';
import { once } from 'node:events';
import { SimCluster } from '${ROOT}test_cases/sim/sim-cluster.ts';

interface Port {
  stop(): Promise<void>;
  readonly close?: () => Promise<void>;
}
export async function plant(port: Port, ports: readonly Port[], cluster: SimCluster): Promise<void> {
  cluster.run(100); // floats
  while (cluster.scheduler.nowMs < 3) cluster.run(1); // floats
  rm('x'); // floats
  once(process, 'exit'); // floats
  port.close?.(); // floats
  ports[0]?.stop(); // floats
  for (const one of ports) one.stop(); // floats
  ports.map((one) => one.stop()); // floats
  ports.forEach(async (one) => await one.stop()); // floats
  process.on('exit', async () => await port.stop()); // floats
  (async () => await cluster.run(1))(); // floats
  await cluster.run(100);
  void port.stop();
  port.stop().catch(() => {});
}
`;

/** @throws with `stdout` when there is something to report */
async function lint(cwd: string, ...files: readonly string[]): Promise<void> {
  const args = ['--type-aware', '--deny-warnings', '--format=unix', '-c', `${ROOT}.oxlintrc.json`, ...files];
  const path = `${ROOT}node_modules/.bin:${process.env.PATH}`;
  await promisify(execFile)('oxlint', args, { cwd, env: { ...process.env, PATH: path } });
}

it('finds promises that nobody waits for', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'memchorus-lint-'));
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    symlinkSync(join(ROOT, 'tsconfig.json'), join(directory, 'tsconfig.json'));
    writeFileSync(join(directory, 'main.ts'), PLANTED);
    const { stdout } = await lint(directory, 'main.ts').then(
      () => expect.unreachable('nothing was found'),
      (error: { readonly stdout: string }) => error,
    );
    const found = [...stdout.matchAll(/^\S*main\.ts:(\d+):/gm)];
    const floating = PLANTED.split('\n').flatMap((line, i) => (line.endsWith('// floats') ? [i + 1] : []));
    expect([...new Set(found.map(([, line]) => Number(line)))].toSorted((a, b) => a - b)).toEqual(floating);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('finds none in this tree', async () => {
  await lint(ROOT);
});
