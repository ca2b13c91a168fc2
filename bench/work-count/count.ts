import { join } from 'node:path';
import { TextClient } from '../../test_cases/support/text-client.ts';
import type { CountedCluster } from './counted-cluster.ts';
import { type SocketCalls, socketCallsIn, Trace } from './trace.ts';

/**
 * The operations whose work is counted. Work is counted and not timed, so that a slow or busy machine gives
 * the same figures. One client of one controller has one request in flight, so that nothing is batched by
 * chance. The least of several repetitions counts, because other activity only ever adds work.
 */
export const OPERATIONS = ['get', 'set', 'incr'] as const;

export type OperationName = (typeof OPERATIONS)[number];

export interface Work {
  /** Allocated by the controller that the client is connected to. */
  readonly originAllocatedBytes: number;
  /** Allocated by the other controllers together. */
  readonly peersAllocatedBytes: number;
  readonly bytesBetweenControllers: number;
}

export interface TracedWork {
  readonly originSocketReads: number;
  readonly originSocketWrites: number;
  readonly framesBetweenControllers: number;
}

const VALUE = 'x'.repeat(100);
const KEYS = 100;

/** Operations that warm up: code is compiled and caches are filled. */
const WARMUP_OPERATIONS = 3000;
const COUNTED_OPERATIONS = 500;
const TRACED_OPERATIONS = 200;
const REPETITIONS = 3;

/** Counts allocation, and bytes between controllers, per operation. */
export async function countWork(cluster: CountedCluster, operation: OperationName): Promise<Work> {
  using client = await TextClient.connect(cluster.ports[cluster.origin]!);
  await prepare(client, operation);
  await repeat(client, operation, WARMUP_OPERATIONS);
  const rounds: Work[] = [];
  for (let round = 0; round < REPETITIONS; round++) {
    const work = await countOnce(cluster, client, operation);
    if (work !== null) rounds.push(work);
  }
  if (rounds.length === 0) throw new Error('the heap was collected each time that it was measured');
  return leastOf(rounds);
}

/** Counts system calls per operation, by strace on all controllers at once. */
export async function traceWork(cluster: CountedCluster, operation: OperationName): Promise<TracedWork> {
  using client = await TextClient.connect(cluster.ports[cluster.origin]!);
  await prepare(client, operation);
  const rounds: TracedWork[] = [];
  for (let round = 0; round < REPETITIONS; round++) {
    const calls = await traceOnce(cluster, client, operation);
    const origin = calls[cluster.origin]!;
    const frames = calls.reduce((sum, { peerWrites }) => sum + peerWrites, 0);
    rounds.push({
      originSocketReads: origin.reads / TRACED_OPERATIONS,
      originSocketWrites: origin.writes / TRACED_OPERATIONS,
      framesBetweenControllers: frames / TRACED_OPERATIONS,
    });
  }
  return leastOf(rounds);
}

/** @returns null when the heap was collected meanwhile */
async function countOnce(
  cluster: CountedCluster,
  client: TextClient,
  operation: OperationName,
): Promise<Work | null> {
  const bytesBefore = await cluster.bytesBetween();
  const before = await cluster.ask('settle');
  await repeat(client, operation, COUNTED_OPERATIONS);
  const after = await cluster.ask('read');
  const bytesAfter = await cluster.bytesBetween();
  if (after.some(({ collections }) => collections > 0)) return null;
  const allocated = after.map(({ bytes }, id) => (bytes - before[id]!.bytes) / COUNTED_OPERATIONS);
  const origin = allocated[cluster.origin]!;
  return {
    originAllocatedBytes: origin,
    peersAllocatedBytes: allocated.reduce((sum, one) => sum + one, -origin),
    bytesBetweenControllers: (bytesAfter - bytesBefore) / COUNTED_OPERATIONS,
  };
}

async function traceOnce(
  cluster: CountedCluster,
  client: TextClient,
  operation: OperationName,
): Promise<SocketCalls[]> {
  const file = (id: number) => join(cluster.directory, `trace-${id}`);
  const traces = await Promise.all(cluster.pids.map((pid, id) => Trace.attach(pid, file(id))));
  await repeat(client, operation, TRACED_OPERATIONS);
  const written = await Promise.all(traces.map((trace) => trace.end()));
  const others = new Set([client.socket.localPort!, ...cluster.storePorts]);
  return written.map((text) => socketCallsIn(text, others));
}

const keyOf = (number: number): string => `key-${number % KEYS}`;

async function prepare(client: TextClient, operation: OperationName): Promise<void> {
  const value = operation === 'incr' ? '0' : VALUE;
  for (let number = 0; number < KEYS; number++) await client.set(keyOf(number), value);
}

/** @throws when an operation failed: refused work is cheap */
async function repeat(client: TextClient, operation: OperationName, times: number): Promise<void> {
  for (let number = 0; number < times; number++) {
    const key = keyOf(number);
    const done =
      operation === 'get'
        ? (await client.get(key)) === VALUE
        : operation === 'set'
          ? (await client.set(key, VALUE)) === 'STORED'
          : /^\d+$/.test(await client.ask(`incr ${key} 1\r\n`));
    if (!done) throw new Error(`${operation} ${key} failed`);
  }
}

function leastOf<T extends TracedWork | Work>(rounds: readonly T[]): T {
  const names = Object.keys(rounds[0]!) as (keyof T)[];
  const least = names.map((name) => [name, Math.min(...rounds.map((round) => Number(round[name])))]);
  return Object.fromEntries(least) as T;
}
