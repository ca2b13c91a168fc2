import type { History } from '../../src/checkers/history.ts';
import { isOrdered } from '../../src/consistency/policies.ts';
import { SLEW_MAX } from '../../src/membership/cluster-clock.ts';
import type { Level } from '../../src/placement/level.ts';
import type { Expiry } from '../checkers/expiry.ts';
import type { Judged } from './judged.ts';
import type { Random } from './random.ts';
import type { ClientPlan, Operation } from './sim-clients.ts';
import { DRIFT_MAX } from './sim-clock.ts';

/**
 * Seconds after which an entry expires that outlives every scenario, or a flush comes that no scenario lives to see. A
 * clock that jumps by hours passes this time.
 */
export const LASTING_SECONDS = 300;

/** The prefix of the keys whose entries expire during the run. Each of them is written once. */
const FLEETING = 'fleeting-';

/** How many clients write such entries and read them, and how many operations each carries out. */
const CLIENTS = 2;
const ENTRIES = 4;
const READS_OF_EACH = 5;

/** The longest pause of such a client between two operations, in virtual milliseconds. */
const THINK_MS = 400;

/** How far two wall clocks in order may be apart, in milliseconds: each may be off, in opposite directions. */
const STEPS_MS = 8_000;

/** The greatest age of what a controller knows of a peer's time, in virtual milliseconds. */
const SPREAD_MS = 1_200;

export function isFleeting(key: string): boolean {
  return key.startsWith(FLEETING);
}

/** The plan of a client, with a time to live for a part of the entries that it stores. */
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

interface ExpiryScenario {
  readonly level: Level;
  readonly clients: readonly ClientPlan[];
  readonly faults: readonly unknown[];
  /** Absent where no keys are spread over shards. */
  readonly shards?: unknown;
}

/**
 * What entries of this run are promised. Where cluster time had to begin again, the errors of the clocks count too. At
 * `eventual` the shard of a key may send a connection to another replica, which does not have its last writes yet.
 *
 * @param strict operations that had to be linearizable
 */
export function expiryOf(
  { level, clients, faults, shards }: ExpiryScenario,
  cluster: Pick<Judged, 'nodes' | 'resumptions'>,
  strict: History,
): Expiry {
  const seconds = new Map(
    clients.flatMap(({ operations }) =>
      operations.flatMap((operation) =>
        operation.seconds === undefined ? [] : [[operation.key, operation.seconds]],
      ),
    ) as [string, number][],
  );
  const began =
    cluster.resumptions > 0 || (!isOrdered(level) && cluster.nodes.some((node) => node.incarnation > 1));
  return {
    secondsOf: (key) => seconds.get(key)!,
    rateErrorMax: SLEW_MAX + DRIFT_MAX,
    spreadMs: began ? STEPS_MS + SPREAD_MS : SPREAD_MS,
    strict: new Set(strict),
    seesOwn: level !== 'eventual' || shards === undefined || faults.length === 0,
    isFlushed: clients.some(({ operations }) => operations.some(({ kind }) => kind === 'flush')),
  };
}
