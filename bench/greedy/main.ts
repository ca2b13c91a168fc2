import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TextClient } from '../../test_cases/support/text-client.ts';
import { own, residentOf } from '../processes.ts';
import { memchorus } from '../subjects/memchorus.ts';
import { ATTACKS, type Attack, begin, LARGE_BYTES, LARGE_KEYS } from './attacks.ts';
import type { PoliteReport } from './polite.ts';

/**
 * Measures what greedy clients cost a controller and its other clients: the resident memory of the
 * controller, and the time of a well-behaved client's reads. Each attack meets a fresh cluster.
 *
 *     node bench/greedy/main.ts [seconds] [words of a name]
 */
const SECONDS = Number(process.argv[2] ?? 8);
const WANTED = process.argv[3] ?? '';

/** A controller of this size is assumed to grow without bound, so the attack ends. */
const RESIDENT_BYTES_MAX = 3 * 2 ** 30;

const SMALL_KEY = 'small';
const LEVEL = 'linearizability';

async function fill(port: number): Promise<void> {
  using client = await TextClient.connect(port);
  await client.set(SMALL_KEY, 'x'.repeat(100));
  for (const key of LARGE_KEYS) await client.set(key, 'x'.repeat(LARGE_BYTES));
}

/** Watches a process until the attack is over. @returns its largest resident memory, in bytes */
async function watch(pid: number): Promise<number> {
  let most = 0;
  for (const until = performance.now() + SECONDS * 1000; performance.now() < until; await sleep(20)) {
    most = Math.max(most, residentOf(pid).bytes);
    if (most > RESIDENT_BYTES_MAX) break;
  }
  return most;
}

async function measure(attack: Attack): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'memchorus-greedy-'));
  const cluster = await memchorus({ level: LEVEL }).start(directory);
  try {
    const [port, pid] = [cluster.ports[0]!, cluster.processes[0]!.pid];
    await fill(port);
    const polite = own(fork(join(import.meta.dirname, 'polite.ts'), [`${port}`, SMALL_KEY]));
    await sleep(1_000);
    const before = residentOf(pid).bytes;
    polite.send('begin');
    const end = await begin(attack, port);
    const most = await watch(pid);
    polite.send('report');
    const [report] = (await once(polite, 'message')) as [PoliteReport];
    end();
    polite.kill('SIGKILL');
    return rowOf(attack.name, before, most, report);
  } finally {
    await cluster.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function rowOf(name: string, before: number, most: number, report: PoliteReport): string[] {
  const megabytes = (bytes: number) =>
    `${Math.round(bytes / 1e6)}${bytes > RESIDENT_BYTES_MAX ? ', growing' : ''}`;
  const times = [report.p50Ms, report.p99Ms, report.longestMs].map((ms) => ms.toFixed(1));
  return [name, megabytes(before), megabytes(most), ...times, `${report.reads}`, `${report.errors}`];
}

console.log(
  ['attack', 'MB before', 'MB at most', 'p50 ms', 'p99 ms', 'longest ms', 'reads', 'errors'].join(' | '),
);
for (const attack of ATTACKS.filter(({ name }) => name.includes(WANTED))) {
  console.log((await measure(attack)).join(' | '));
}
process.exit();
