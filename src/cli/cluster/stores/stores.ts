import type { Address } from '../../../controller/settings.ts';
import { OperationError } from '../../failure.ts';
import { describeTakenPort, isPortTaken } from '../../process/port-owner.ts';
import type { ClusterProcess } from '../run-record.ts';
import { composeUp } from './docker.ts';
import { requireMemcached, signStore } from './found-store.ts';
import { startMemcached, waitForAnswer, waitForMemcached } from './memcached-program.ts';
import type { StorePlan } from './store-plan.ts';

/**
 * memcached's `-I` in bytes for the limit of a client's items: twice the limit, because the envelope around a
 * value needs room too, and at least 2 MB.
 */
export function storeItemBytesMax(itemBytesMax: number): number {
  return Math.max(2 * 1024 * 1024, 2 * itemBytesMax);
}

/** Where and how stores are started. */
export interface StoreStart {
  readonly plan: StorePlan;
  /** memcached's `-I`. */
  readonly itemBytesMax: number;
  readonly directory: string;
  readonly composeProject: string | null;
  readonly signal: AbortSignal;
  /** Called with each process as soon as it was started, so that it is on record if the next one fails. */
  readonly onStarted: (member: ClusterProcess) => void;
}

/** @throws OperationError */
export async function startStores(start: StoreStart): Promise<void> {
  const { plan, directory } = start;
  if (plan.kind === 'embedded') return;
  if (plan.kind === 'configured') {
    for (const store of plan.stores) await requireMemcached(store);
    return;
  }
  for (const id of plan.found) await signStore(plan.stores[id]!, directory);
  const missing = plan.stores.flatMap((_, id) => (plan.found.includes(id) ? [] : [id]));
  if (missing.length > 0) await startMissing(start, plan, missing);
}

/** @param missing the ids of stores that do not run */
export async function startMissing(
  start: StoreStart,
  { kind, stores }: Exclude<StorePlan, { kind: 'embedded' }>,
  missing: readonly number[],
): Promise<void> {
  if (kind === 'docker') {
    process.stdout.write('starting the containers (the first time, the image is pulled) ...\n');
    await composeUp(start.composeProject!, stores, missing, start.itemBytesMax, start.signal);
    await Promise.all(missing.map((id) => waitForAnswer(stores[id]!)));
    return;
  }
  const members: ClusterProcess[] = [];
  for (const id of missing) {
    const member = await startMemcached(id, stores[id]!, start.itemBytesMax, start.directory);
    start.onStarted(member);
    members.push(member);
  }
  await Promise.all(members.map(waitForMemcached));
}

/** Checks that nothing listens on the addresses of controllers. @throws OperationError */
export async function requireFreePorts(addresses: readonly Address[]): Promise<void> {
  for (const address of addresses) {
    if (!(await isPortTaken(address))) continue;
    throw new OperationError(
      'PORT_TAKEN',
      `${await describeTakenPort(address)}; stop that, or choose other ports with --base-port`,
    );
  }
}
