import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { alignColumns } from '../../src/base/text-table.ts';
import { type Cluster, startCluster } from '../../test_cases/support/cluster.ts';
import { Network, whyNoNetwork } from '../../test_cases/support/network.ts';
import { ASKED_NAMES, Gaps } from './gaps.ts';
import { returnTimes } from './return.ts';

/**
 * Measures, at default settings, for how long the surviving controllers do not answer when one of three
 * controllers fails or is asked to end, and how soon a controller that returns serves clients.
 *
 *     node bench/failover/main.ts [--times 20] [--only kill,pause,cut,planned,return] [--planned] [--keys 100000]
 *
 * `--planned` measures only the planned end.
 */
const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '20' },
    only: { type: 'string', default: 'kill,pause,cut,planned,return' },
    planned: { type: 'boolean', default: false },
    keys: { type: 'string', default: '100000' },
  },
});
const times = Number(values.times);
const only = values.planned ? ['planned'] : values.only.split(',');

/** For how long the controller is gone, and for how long its return is watched. */
const GONE_MS = 1_500;
const SETTLED_MS = 500;
const LEVEL = 'linearizability';

interface Failure {
  readonly name: string;
  begin(cluster: Cluster, victim: number): Promise<void> | void;
  end(cluster: Cluster, victim: number): Promise<void> | void;
}

const KILL: Failure = {
  name: 'killed (SIGKILL)',
  begin: (cluster, victim) => cluster.kill(victim),
  end: (cluster, victim) => cluster.start(victim),
};

const PAUSE: Failure = {
  name: 'stopped (SIGSTOP)',
  begin: (cluster, victim) => cluster.pause(victim),
  end: (cluster, victim) => cluster.resume(victim),
};

const PLANNED: Failure = {
  name: 'asked to end (SIGTERM)',
  begin: async (cluster, victim) => void (await cluster.controllers[victim]!.stop()),
  end: (cluster, victim) => cluster.start(victim),
};

function cutIn(network: Network): Failure {
  return {
    name: 'cut off both ways',
    begin: async (_, victim) => {
      const others = network.hosts.keys().filter((id) => id !== victim);
      await Promise.all(others.map((id) => network.cut(id, victim)));
    },
    end: () => network.heal(),
  };
}

process.stdout.write(`memchorus: ${LEVEL}, three controllers with memcached, ${times} times each\n`);
if (only.includes('kill')) await measure(KILL);
if (only.includes('pause')) await measure(PAUSE);
if (only.includes('cut')) await measureCut();
if (only.includes('planned')) await measure(PLANNED);
if (only.includes('return')) {
  const title = `until a controller that comes back to ${values.keys} keys serves`;
  print(title, await returnTimes(LEVEL, Number(values.keys), times));
}

async function measureCut(): Promise<void> {
  const missing = whyNoNetwork();
  if (missing !== null) {
    process.stdout.write(`\ncut off: not measured, ${missing}\n`);
    return;
  }
  using network = Network.create();
  await measure(cutIn(network), network);
}

/** Each failure hits another controller, in turn, of one cluster, which is complete before each. */
async function measure(failure: Failure, network?: Network): Promise<void> {
  const found = new Map<string, number[]>();
  const note = (what: string, gapMs: number) => found.set(what, [...(found.get(what) ?? []), gapMs]);
  await using cluster = await startCluster({ level: LEVEL, ...(network && { hosts: network.hosts }) });
  for (let time = 0; time < times; time++) {
    const victim = time % 3;
    const survivors = [0, 1, 2].filter((id) => id !== victim);
    const gaps = await Gaps.start(cluster, survivors);
    await sleep(SETTLED_MS);
    const goneAt = performance.now();
    await failure.begin(cluster, victim);
    await sleep(GONE_MS);
    const backAt = performance.now();
    await failure.end(cluster, victim);
    await cluster.ready();
    await sleep(SETTLED_MS);
    const endAt = performance.now();
    await gaps.stop();
    for (const asked of ASKED_NAMES) note(`${asked}, when it fails`, gaps.longest(asked, goneAt, backAt));
    for (const asked of ASKED_NAMES) note(`${asked}, when it is back`, gaps.longest(asked, backAt, endAt));
  }
  print(`longest time without an answer on the others, one is ${failure.name}`, found);
}

function print(title: string, found: ReadonlyMap<string, readonly number[]>): void {
  const rows = [...found].map(([what, all]) => {
    const sorted = [...all].sort((a, b) => a - b);
    return [what, ms(sorted[Math.floor((sorted.length - 1) / 2)]!), ms(sorted.at(-1)!)];
  });
  const load = loadavg()[0]!.toFixed(1);
  const table = alignColumns([['ms', 'median', 'worst'], ...rows]);
  process.stdout.write(`\n${title} (load average ${load})\n${table.join('\n')}\n`);
}

function ms(time: number): string {
  return time.toFixed(0);
}
