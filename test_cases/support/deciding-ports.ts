import { evaluatorOf } from '../../src/consistency/decide.ts';
import type { OrderPorts } from '../../src/replication/ordered/order-ports.ts';
import type { Replica } from '../../src/replication/replica.ts';
import { ReplicaReads } from '../../src/replication/replica-reads.ts';
import type { EntryStore } from '../../src/store/entry-store.ts';
import { wideWindows } from './reading.ts';

/** What an order decides conditional requests with, in a test of one controller that holds its lease. */
export function decidingPorts(
  replica: Replica,
  store: EntryStore,
): Pick<OrderPorts, 'reads' | 'evaluator' | 'takesDifferences' | 'isTimed' | 'holdsLease'> {
  const finder = { find: () => {} };
  const windows = wideWindows();
  return {
    reads: new ReplicaReads({
      replica,
      store,
      windows,
      finder,
      timeMs: () => 1,
      isTimed: () => true,
      onIssue: null,
    }),
    evaluator: evaluatorOf(() => 1, 1_048_576),
    takesDifferences: () => true,
    isTimed: () => true,
    holdsLease: () => true,
  };
}
