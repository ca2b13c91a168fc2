import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { atEnd } from '../support/at-end.ts';
import { HAS_BROWSER, startBrowser, WatchedPage } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { miniKvClient as client, SILENT_SUCCESS } from '../support/minikv-client.ts';
import { describeWith } from '../support/programs.ts';

/** MiniKV's nodes have fixed ports for HTTP, so these tests need port 8080 of this machine. */
const SERVER = 'http://localhost:8080';

const PROJECT = resolve(import.meta.dirname, '../..');
const NODE = resolve(PROJECT, 'node_modules/.bin/node');

interface RunningNode {
  readonly child: ChildProcess;
  readonly printed: () => string;
  readonly logged: () => string;
}

let node: RunningNode | null = null;

atEnd(() => node?.child.kill('SIGKILL'));

function startNode(): void {
  const words = ['main.ts', '-dialect', 'minikv', 'none', '--index=0'];
  const child = spawn(NODE, words, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  let logged = '';
  child.stderr.on('data', (chunk: Buffer) => {
    logged += chunk.toString();
  });
  node = { child, printed: () => printed, logged: () => logged };
}

async function endNode(signal: 'SIGKILL' | 'SIGINT'): Promise<number | null> {
  const { child } = node!;
  const exited = once(child, 'exit');
  child.kill(signal);
  const [code] = (await exited) as [number | null];
  node = null;
  return code;
}

/** A request that was taken, and has no answer by then, has none at all. */
const ANSWERED_WITHIN_MS = 20_000;

/** Resolves once the node serves. */
async function served(): Promise<void> {
  const outcome = await eventually(async () => {
    const signal = AbortSignal.timeout(ANSWERED_WITHIN_MS);
    try {
      return (await fetch(`${SERVER}/get?key=any`, { signal })).ok && 'served';
    } catch (error) {
      if ((error as Error).name !== 'TimeoutError') throw error;
      return `no answer from a node that says: ${node!.logged()}`;
    }
  });
  expect(outcome).toBe('served');
}

afterEach(async () => {
  if (node !== null) await endNode('SIGKILL');
});

describe('a node of MiniKV without replication', () => {
  it('says that it has started, is filled and checked by clients, and ends on Ctrl-C', async () => {
    startNode();
    await served();
    expect(await client('test', '--key-range', '100')).toEqual({
      ...SILENT_SUCCESS,
      printed: 'Running test\nTest successful!\n',
    });
    const ranges = Array.from({ length: 5 }, (_, at) => ['--key-offset', `${at * 200}`, '--key-range=200']);
    const all = (mode: string) =>
      Promise.all(ranges.map((range) => client(mode, ...range, '--value-prefix=w')));
    const wellDone = ranges.map(() => SILENT_SUCCESS);
    expect(await all('fill')).toEqual(wellDone);
    expect(await all('check-values')).toEqual(wellDone);
    expect(await all('random-ops')).toEqual(wellDone);
    expect(await client('check-values', '--key-range=1001', '--key-offset=1000')).toEqual({
      ...SILENT_SUCCESS,
      code: 1,
      printed: 'Invalid value for key "key1000". Expected "value1000", but got "None".\n',
    });
    expect(node!.printed()).toBe('Started MiniKV (no replication)\nWaiting for Ctrl+C\n');
    expect(await endNode('SIGINT')).toBe(0);
    expect((await client('fill')).code).toBe(1);
  });

  it('is started anew, empty, on the ports of one that was killed just before', async () => {
    startNode();
    await served();
    expect((await client('fill', '--key-range=10')).code).toBe(0);
    await endNode('SIGKILL');
    startNode();
    await served();
    expect(await (await fetch(`${SERVER}/get?key=key1`)).json()).toEqual({ value: null });
  });

  it('says so of a kind of replication that there is not', async () => {
    const words = ['main.ts', '-dialect', 'minikv', 'gossip'];
    const printed = await new Promise((done) => {
      execFile(NODE, words, { cwd: PROJECT }, (_, stdout) => done(stdout));
    });
    expect(printed).toBe('Unexpected replication type: gossip\n');
  });
});

describeWith('a browser (Debian: chromium)', HAS_BROWSER, () => {
  it('shows keys and values as text on the page of all entries', async () => {
    startNode();
    await served();
    for (const key of ['b', 'a<script>alert(1)</script>']) {
      const body = JSON.stringify({ value: `<i>${key}</i> & more` });
      await fetch(`${SERVER}/put?key=${encodeURIComponent(key)}`, { method: 'POST', body });
    }
    const browser = await startBrowser();
    await using watched = await WatchedPage.open(browser);
    await watched.page.goto(`${SERVER}/`);
    expect(await watched.page.title()).toBe('MiniKV');
    expect(await watched.page.locator('li').allInnerTexts()).toEqual([
      'b: <i>b</i> & more',
      'a<script>alert(1)</script>: <i>a<script>alert(1)</script></i> & more',
    ]);
    expect(watched.errors).toEqual([]);
    await browser.close();
  });
});
