import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';

const PROJECT = resolve(import.meta.dirname, '../../..');

/** Behaves as npm does: it removes the old packages first, and writes its own record last. */
const NPM = `#!/bin/sh
echo "$*" >> "$CALLS"
rm -rf node_modules
mkdir -p node_modules/.bin
while [ -e "$CALLS.hold" ]; do sleep 0.05; done
[ ! -e "$CALLS.fail" ] || { echo "no registry"; exit 1; }
printf '#!/bin/sh\\n' > node_modules/.bin/node
case "$*" in *--omit=dev*) ;; *) cp node_modules/.bin/node node_modules/.bin/vitest ;; esac
chmod +x node_modules/.bin/*
echo {} > node_modules/.package-lock.json
`;

let directory: string;
let calls: string;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'memchorus-setup-')), 'a clone');
  calls = join(directory, '..', 'calls');
  mkdirSync(join(directory, 'bin'), { recursive: true });
  mkdirSync(join(directory, 'scripts'));
  cpSync(join(PROJECT, 'scripts/setup.sh'), join(directory, 'scripts/setup.sh'));
  writeFileSync(join(directory, 'package-lock.json'), '{}');
  utimesSync(join(directory, 'package-lock.json'), 1, 1);
  writeFileSync(join(directory, 'bin/npm'), NPM);
  chmodSync(join(directory, 'bin/npm'), 0o755);
});

afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

function setup(...words: string[]): ChildProcess & { printed: string } {
  const child = spawn('sh', [join(directory, 'scripts/setup.sh'), ...words], {
    env: { PATH: `${join(directory, 'bin')}:${process.env.PATH}`, CALLS: calls },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const setup = Object.assign(child, { printed: '' });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      setup.printed += chunk.toString();
    });
  }
  return setup;
}

async function codeOf(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, 'close');
  return code as number | null;
}

const called = () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []);

it('setup.sh installs the packages of a start once; the tests add the others, which a later start keeps', async () => {
  expect(await codeOf(setup())).toBe(0);
  expect(called()).toEqual([expect.stringMatching(/^ci --omit=dev /)]);
  const again = setup();
  expect(await codeOf(again)).toBe(0);
  expect(again.printed).toBe('');
  expect(await codeOf(setup('all'))).toBe(0);
  expect(called()).toHaveLength(2);
  expect(called()[1]).not.toContain('--omit');
  rmSync(join(directory, 'node_modules/.package-lock.json'));
  expect(await codeOf(setup())).toBe(0);
  expect(called()[2]).not.toContain('--omit');
});

it('two runs of setup.sh at the same time install once', async () => {
  writeFileSync(`${calls}.hold`, '');
  const first = setup();
  await eventually(() => called().length === 1);
  const second = setup();
  await eventually(() => second.printed.includes('is installing the dependencies; waiting'));
  rmSync(`${calls}.hold`);
  expect(await Promise.all([codeOf(first), codeOf(second)])).toEqual([0, 0]);
  expect(called()).toHaveLength(1);
});

it('an interrupted setup.sh ends together with its npm, and the next one begins from the start', async () => {
  writeFileSync(`${calls}.hold`, '');
  const first = setup();
  await eventually(() => called().length === 1);
  first.kill('SIGTERM');
  expect(await codeOf(first)).toBe(130);
  rmSync(`${calls}.hold`);
  expect(await codeOf(setup())).toBe(0);
  expect(called()).toHaveLength(2);
});

it('a killed setup.sh does not lock out the next one', async () => {
  mkdirSync(join(directory, '.memchorus'));
  const dead = spawn('true');
  await once(dead, 'exit');
  symlinkSync(`${dead.pid}`, join(directory, '.memchorus/setup.lock'));
  expect(await codeOf(setup())).toBe(0);
});

it('setup.sh reports that npm failed', async () => {
  writeFileSync(`${calls}.fail`, '');
  const failed = setup();
  expect(await codeOf(failed)).toBe(1);
  expect(failed.printed).toMatch(/no registry\n.*the dependencies could not be installed/s);
});
