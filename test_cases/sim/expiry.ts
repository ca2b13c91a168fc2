import { SLEW_MAX } from '../../src/membership/cluster-clock.ts';
import type { Level } from '../../src/placement/level.ts';
import type { Expiry } from '../checkers/expiry.ts';
import type { Random } from './random.ts';
import type { ClientPlan, Operation } from './sim-clients.ts';
import { DRIFT_MAX } from './sim-clock.ts';
import type { SimCluster } from './sim-cluster.ts';

/** Of entries that outlive every scenario, and no clock that leaps by hours: in seconds. A flush that never comes, too. */
export const LASTING_SECONDS = 300;

/** Keys of entries that expire while they are watched. Each is written once. */
const FLEETING = 'fleeting-';

/** Clients that write such entries and read them, and what each does. */
const CLIENTS = 2;
const ENTRIES = 4;
const READS_OF_EACH = 5;

/** Of two operations of such a client, in virtual milliseconds, at the most. */
const THINK_MS = 400;

/** How far a wall clock that is looked after may be off, and another the other way, in milliseconds. */
const STEPS_MS = 8_000;

/** What is heard of a peer's time is that old at the worst, in virtual milliseconds. */
const SPREAD_MS = 1_200;

export function isFleeting(key: string): boolean {
  return key.startsWith(FLEETING);
}

/** The operations of a client with lives for a part of what it stores. */
export function withLives(random: Random, plan: ClientPlan): ClientPlan {
  const live = (operation: Operation): Operation =>
    operation.kind !== 'get' && random.chance(0.4) ? { ...operation, seconds: LASTING_SECONDS } : operation;
  return { ...plan, operations: plan.operations.map(live) };
}

export function drawFleeting(random: Random, nodes: number): ClientPlan[] {
  return Array.from({ length: CLIENTS }, (_, client) => {
    const operations: Operation[] = [];
    for (let entry = 0; entry < ENTRIES; entry++) {
      const key = `${FLEETING}${client}-${entry}`;
      operations.push({
        waitMs: random.between(0, THINK_MS),
        key,
        kind: 'set',
        value: 1_000,
        seconds: 1 + random.below(3),
      });
      for (let read = 0; read < READS_OF_EACH; read++) {
        const any = `${FLEETING}${random.below(CLIENTS)}-${random.below(entry + 1)}`;
        operations.push({
          waitMs: random.between(0, THINK_MS),
          key: random.pick([key, any]),
          kind: 'get',
          value: 0,
        });
      }
    }
    return { node: random.below(nodes), pipeline: 1, operations };
  });
}

/** What the run has to keep to. Where time had to begin anew, the clocks' own errors are in it. */
export function expiryOf(
  { level, clients }: { readonly level: Level; readonly clients: readonly ClientPlan[] },
  cluster: SimCluster,
): Expiry {
  const seconds = new Map(
    clients.flatMap(({ operations }) =>
      operations.flatMap((operation) =>
        operation.seconds === undefined ? [] : [[operation.key, operation.seconds]],
      ),
    ) as [string, number][],
  );
  const began =
    cluster.resumptions > 0 || (level === 'eventual' && cluster.nodes.some((node) => node.incarnation > 1));
  return {
    secondsOf: (key) => seconds.get(key)!,
    rateErrorMax: SLEW_MAX + DRIFT_MAX,
    spreadMs: began ? STEPS_MS + SPREAD_MS : SPREAD_MS,
    seenEverywhere: level === 'linearizability',
    isFlushed: clients.some(({ operations }) => operations.some(({ kind }) => kind === 'flush')),
  };
}
