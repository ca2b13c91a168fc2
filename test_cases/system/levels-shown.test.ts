import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MAIN_FILE, PROJECT_DIRECTORY } from '../../src/cli/locations.ts';
import { LEVELS, type Level } from '../../src/placement/level.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { isLike, screensOf, shapeOf } from '../support/screens.ts';
import type { Outcome } from '../support/started-cluster.ts';

/** What `levels --json` prints, as far as it is looked at here. */
interface Shown {
  readonly levels: readonly Level[];
  readonly histories: readonly {
    readonly name: string;
    readonly forbiddenBy: Level;
    readonly seen: readonly {
      readonly level: Level;
      readonly requests: readonly { readonly hadToWait: boolean; readonly sentMs: number }[];
      readonly heldMs: number;
      readonly releasedMs: number;
      readonly ends: readonly Readonly<Record<string, string>>[];
      readonly verdicts: readonly { readonly level: Level; readonly forbidden: string | null }[];
    }[];
  }[];
  readonly prices: Readonly<Record<Level, Readonly<Record<'set' | 'get', Readonly<Record<string, number>>>>>>;
}

/** What is to happen to the clients: at every level the same in every run, however fast the machine is. */
const EXPECTED: Readonly<Record<string, Readonly<Record<Level, 'seen' | 'waited' | 'neither'>>>> = {
  'stale-read': { linearizability: 'waited', sequential: 'seen', causal: 'neither', eventual: 'neither' },
  'two-orders': { linearizability: 'waited', sequential: 'waited', causal: 'seen', eventual: 'seen' },
  'effect-before-cause': {
    linearizability: 'waited',
    sequential: 'waited',
    causal: 'neither',
    eventual: 'seen',
  },
};

/** The directory for the temporary files of the command, and for programs that it finds. */
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus-levels-test-'));
  mkdirSync(join(directory, 'temporary'));
  mkdirSync(join(directory, 'programs'));
  // The user that memcached runs as has to reach its directory.
  chmodSync(directory, 0o755);
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function begin(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { PATH = '', HOME = '' } = process.env;
  return spawn(process.execPath, [MAIN_FILE, 'levels', ...words], {
    cwd: directory,
    env: { PATH, HOME, TMPDIR: join(directory, 'temporary'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

type Running = ReturnType<typeof begin>;

async function outcomeOf(running: Running): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  running.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  running.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const code = await new Promise<number | null>((resolve) => running.once('close', resolve));
  return { code, stdout, stderr };
}

/** The processes that run in a directory of the command. */
function processesOf(): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(join(directory, 'temporary'));
    } catch {
      return false;
    }
  });
}

/** What the command has not cleaned up. */
function leftovers(): string[] {
  return [...processesOf(), ...readdirSync(join(directory, 'temporary'))];
}

/** A program `docker` that runs real memcacheds in the place of containers. @returns the pids of those that run */
function standInForDocker(): { readonly pids: () => string[] } {
  const containers = join(directory, 'containers');
  mkdirSync(containers, { mode: 0o777 });
  const user = process.getuid?.() === 0 ? '-u root' : '';
  const script = `#!/bin/sh
PATH='${process.env.PATH}'
case "$*" in
  info* | 'compose version') ;;
  *' up -d '*)
    for port in $MEMCHORUS_STORE_PORT_0 $MEMCHORUS_STORE_PORT_1 $MEMCHORUS_STORE_PORT_2; do
      memcached -d -P '${containers}'/$port ${user} -l 127.0.0.1 -p $port -U 0 -I $MEMCHORUS_STORE_ITEM_MAX
    done ;;
  *' down '*) for file in '${containers}'/*; do kill $(cat "$file") && rm -f "$file"; done ;;
  *) exit 1 ;;
esac
`;
  writeFileSync(join(directory, 'programs', 'docker'), script, { mode: 0o755 });
  return { pids: () => readdirSync(containers) };
}

function happened({ requests, verdicts }: Shown['histories'][number]['seen'][number], forbiddenBy: Level) {
  if (verdicts.find(({ level }) => level === forbiddenBy)!.forbidden !== null) return 'seen';
  return requests.some(({ hadToWait }) => hadToWait) ? 'waited' : 'neither';
}

describeWithMemcached('levels', () => {
  showTests();
  documentTests();
  endTests();
});

function showTests(): void {
  it('shows at each level what it allows, and what it prevents', async () => {
    const { code, stdout, stderr } = await outcomeOf(begin(['--json', '--seconds', '0.2']));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const shown = JSON.parse(stdout) as Shown;
    expect(shown.levels).toEqual(LEVELS);
    const seen = shown.histories.map(({ name, forbiddenBy, seen }) => [
      name,
      Object.fromEntries(seen.map((one) => [one.level, happened(one, forbiddenBy)])),
    ]);
    expect(Object.fromEntries(seen)).toEqual(EXPECTED);
    for (const { seen } of shown.histories) for (const one of seen) expectSound(one);
    for (const level of LEVELS) expectPrice(shown.prices[level]);
    expect(leftovers()).toEqual([]);
  });

  it('prints a report for people, of one level if it is asked to', async () => {
    const { code, stdout } = await outcomeOf(begin(['--level', 'sequential', '--seconds', '0']));
    expect(code).toBe(0);
    expect(stdout).toContain('Seen at sequential:');
    expect(stdout).toContain('Allowed by sequential, causal and eventual.');
    expect(stdout).not.toMatch(/Seen at (linearizability|causal|eventual)/);
    expect(stdout).not.toContain('What a level costs');
    expect(stdout).not.toContain('\u001b');
    expect(leftovers()).toEqual([]);
  });
}

function documentTests(): void {
  /** The lines that every run prints. A client may have to ask more than once, on a machine that is busy. */
  const steadyLines = (lines: readonly string[]): string[] =>
    lines.map(shapeOf).filter((line) => !/→ nothing$| times until /.test(line));

  it.each(['README.md', 'docs/guarantees.md'])('prints what %s shows', async (document) => {
    const text = readFileSync(join(PROJECT_DIRECTORY, document), 'utf8');
    const screens = screensOf(text).filter(({ command }) => command.startsWith('node main.ts levels'));
    expect(screens).toHaveLength(1);
    for (const { command, output } of screens) {
      const { stdout } = await outcomeOf(begin(command.split(' ').slice(3)));
      const printed = steadyLines(stdout.trimEnd().split('\n'));
      expect(isLike(steadyLines(output), printed), stdout).toBe(true);
    }
  });
}

/** The level allows what its own clients saw, and all controllers ended up with the same. */
function expectSound({
  level,
  verdicts,
  ends,
  heldMs,
  releasedMs,
}: Shown['histories'][number]['seen'][number]) {
  expect(verdicts.map((verdict) => verdict.level)).toEqual(LEVELS);
  expect(verdicts.find((verdict) => verdict.level === level)!.forbidden).toBeNull();
  expect(ends).toHaveLength(3);
  for (const end of ends) expect(end).toEqual(ends[0]);
  expect(heldMs).toBeLessThan(releasedMs);
}

function expectPrice({ set, get }: Shown['prices'][Level]) {
  for (const { p50Ms, p99Ms, perSecond } of [set, get] as const) {
    expect(p50Ms).toBeGreaterThan(0);
    expect(p99Ms).toBeGreaterThanOrEqual(p50Ms!);
    expect(perSecond).toBeGreaterThan(0);
  }
}

function endTests(): void {
  // From the start of the memcacheds on, into the starts of the controllers and the histories.
  it.each([
    ['SIGINT', 0],
    ['SIGTERM', 1_000],
    ['SIGHUP', 4_000],
  ] as const)('leaves nothing when %s comes %i ms after its memcacheds', async (signal, afterMs) => {
    const running = begin(['--seconds', '60']);
    const outcome = outcomeOf(running);
    await eventually(() => processesOf().length > 0);
    await sleep(afterMs);
    running.kill(signal);
    running.kill(signal);
    const { code, stdout, stderr } = await outcome;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe('memchorus: interrupted; what was started is stopped\n');
    expect(leftovers()).toEqual([]);
  });

  it('says what is missing where there is neither memcached nor Docker', async () => {
    const programs = join(directory, 'programs');
    const { code, stdout, stderr } = await outcomeOf(begin([], { PATH: programs }));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(
      'there is no memcached program, and no Docker engine answers: install memcached',
    );
    expect(leftovers()).toEqual([]);
  });

  it('runs in Docker where there is no memcached program, and removes the containers', async () => {
    const { pids } = standInForDocker();
    const { code, stdout } = await outcomeOf(
      begin(['--level', 'causal', '--seconds', '0'], { PATH: join(directory, 'programs') }),
    );
    expect({ code, pids: pids() }).toEqual({ code: 0, pids: [] });
    expect(stdout).toContain('3 controllers on memcached in Docker');
    expect(leftovers()).toEqual([]);
  });

  it('leaves nothing when a memcached does not start', async () => {
    // Any program that prints a version and ends at once.
    symlinkSync('/bin/echo', join(directory, 'programs', 'memcached'));
    const { code, stderr } = await outcomeOf(begin([], { PATH: join(directory, 'programs') }));
    expect(code).toBe(1);
    expect(stderr).toContain('could not be started');
    expect(leftovers()).toEqual([]);
  });
}
