import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/**
 * The linter knows the types. It reports a promise that nothing waits for, and a `switch` in `src` that leaves out
 * a member of a union, with a `default` or without.
 */

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

/** Each marked switch leaves out a kind of request; the other one leaves out none. */
const FORGETFUL = `
import type { TouchRequest, DeleteRequest } from '${ROOT}src/protocol/request.ts';

export function plant(request: TouchRequest | DeleteRequest, word: string): number {
  switch (request.kind) { // forgets
    case 'touch':
      return 1;
    default:
      return 2;
  }
}
export function complete(request: TouchRequest | DeleteRequest, word: string): number {
  switch (request.kind) {
    case 'touch':
    case 'delete':
      return word === '' ? 1 : 2;
  }
}
export function ofWords(word: string): void {
  switch (word) {
    case 'a':
      console.log(1);
  }
}
`;

/** @throws with `stdout` when there is something to report */
async function lint(cwd: string, ...files: readonly string[]): Promise<void> {
  const args = ['--type-aware', '--deny-warnings', '--format=unix', '-c', `${ROOT}.oxlintrc.json`, ...files];
  const path = `${ROOT}node_modules/.bin:${process.env.PATH}`;
  await promisify(execFile)('oxlint', args, { cwd, env: { ...process.env, PATH: path } });
}

/** Lints a file of this text, and compares the lines that are reported with those that end with the mark. */
async function expectFound(text: string, mark: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'memchorus-lint-'));
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    symlinkSync(join(ROOT, 'tsconfig.json'), join(directory, 'tsconfig.json'));
    writeFileSync(join(directory, 'main.ts'), text);
    const { stdout } = await lint(directory, 'main.ts').then(
      () => expect.unreachable('nothing was found'),
      (error: { readonly stdout: string }) => error,
    );
    const found = [...stdout.matchAll(/^\S*main\.ts:(\d+):/gm)];
    const marked = text.split('\n').flatMap((line, i) => (line.endsWith(mark) ? [i + 1] : []));
    expect([...new Set(found.map(([, line]) => Number(line)))].toSorted((a, b) => a - b)).toEqual(marked);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

it('finds promises that nobody waits for', async () => {
  await expectFound(PLANTED, '// floats');
});

it('finds a switch that leaves out a member of a union', async () => {
  await expectFound(FORGETFUL, '// forgets');
});

it('finds none in this tree', async () => {
  await lint(ROOT);
});
