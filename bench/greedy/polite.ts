import { TextClient } from '../../test_cases/support/text-client.ts';

/**
 * The report of a well-behaved client. It runs in a process of its own, so that the replies of other clients
 * do not slow it, and reads one small value after the other until it is asked for the report: `node
 * bench/greedy/polite.ts PORT KEY`
 */
export interface PoliteReport {
  readonly reads: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

/** The pause between two reads, in milliseconds: the client must not be a load by itself. */
const PAUSE_MS = 1;

const [port, key] = [Number(process.argv[2]), process.argv[3] ?? ''];
const client = await TextClient.connect(port);
const times: number[] = [];
let errors = 0;
let since: number | null = null;

process.on('message', (word) => {
  if (word === 'begin') {
    times.length = 0;
    errors = 0;
    return;
  }
  // A read without an answer counts with the time that it has waited so far.
  const waited = since === null ? [] : [performance.now() - since];
  process.send!(reportOf([...times, ...waited]));
});

for (;;) {
  since = performance.now();
  try {
    await client.get(key);
  } catch {
    errors++;
  }
  times.push(performance.now() - since);
  since = null;
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

function reportOf(values: number[]): PoliteReport {
  values.sort((a, b) => a - b);
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
  return { reads: values.length, errors, p50Ms: at(0.5), p99Ms: at(0.99), longestMs: values.at(-1) ?? 0 };
}
