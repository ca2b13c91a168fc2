import type { Address } from '../../controller/settings.ts';
import { LoadConnection } from './load-connection.ts';
import { CONTROLLERS, type OwnCluster } from './own-cluster.ts';

/** What one kind of request costs at a level. */
export interface RequestPrice {
  /** With one client that asks one request at a time, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** With `CLIENTS` clients that each ask one request at a time: the median of the rounds. */
  readonly perSecond: number;
}

/** What a level costs. */
export interface Price {
  readonly set: RequestPrice;
  readonly get: RequestPrice;
}

/** How many clients ask at once when requests per second are counted; each controller has the same number. */
export const CLIENTS = 24;

export const VALUE_BYTES = 100;

/** In each round, one client and all of them set and get. */
const PHASES = 4;

/** The rounds are short, so that what else the machine does in a moment is felt by all phases, and not by one. */
const ROUND_MS_MAX = 250;

/** Measures the level that the cluster runs at. @throws OperationError */
export async function measure(
  cluster: OwnCluster,
  { warmUpMs, measuredMs }: { readonly warmUpMs: number; readonly measuredMs: number },
  signal: AbortSignal,
): Promise<Price> {
  const addresses = Array.from({ length: CLIENTS }, (_, client) => cluster.addressOf(client % CONTROLLERS));
  const clients = await Promise.all(addresses.map(dial));
  const rounds = Math.ceil(measuredMs / ROUND_MS_MAX);
  const phaseMs = measuredMs / rounds / PHASES;
  const set: Rounds = { alone: [], together: [] };
  const get: Rounds = { alone: [], together: [] };
  try {
    // Afterwards every client's key is there to be read.
    await load(clients, 'set', warmUpMs / 2);
    await load(clients, 'get', warmUpMs / 2);
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted();
      set.alone.push(await load(clients.slice(0, 1), 'set', phaseMs));
      get.alone.push(await load(clients.slice(0, 1), 'get', phaseMs));
      set.together.push(await load(clients, 'set', phaseMs));
      get.together.push(await load(clients, 'get', phaseMs));
    }
    return { set: priceOf(set), get: priceOf(get) };
  } finally {
    for (const client of clients) client.close();
  }
}

/** The latencies of requests in milliseconds, and how long all of them took together. */
interface Load {
  readonly latencies: readonly number[];
  readonly tookMs: number;
}

/** All loads of one kind of request. */
interface Rounds {
  readonly alone: Load[];
  readonly together: Load[];
}

async function load(of: readonly LoadConnection[], kind: keyof Price, forMs: number): Promise<Load> {
  const startedMs = performance.now();
  const latencies = await Promise.all(of.map((client) => client.load(kind, forMs)));
  return { latencies: latencies.flat(), tookMs: performance.now() - startedMs };
}

function priceOf({ alone, together }: Rounds): RequestPrice {
  const latencies = ascending(alone.flatMap((round) => round.latencies));
  const rates = ascending(together.map((round) => round.latencies.length / (round.tookMs / 1000)));
  return {
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    perSecond: percentile(rates, 0.5),
  };
}

function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

function dial(address: Address, client: number): Promise<LoadConnection> {
  return LoadConnection.dial(address, `price-${client}`, 'x'.repeat(VALUE_BYTES));
}

/** @param sorted with at least one number */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
