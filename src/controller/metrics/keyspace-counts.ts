import { isWrite } from '../../consistency/access.ts';
import type { ServedKeyspace } from '../../consistency/policies.ts';
import { kindOf } from '../../consistency/request-kinds.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { Request } from '../../protocol/request.ts';
import type { ControllerRouter } from '../groups.ts';

/** What clients asked of one keyspace here. A request that concerns several keyspaces counts in each. */
export interface KeyspaceCounts {
  reads: number;
  writes: number;
  /** Of both: those that were answered with a server error. */
  errors: number;
}

/**
 * Counts requests by keyspace. Where there is only one, nothing is counted: the counters of the controller say the
 * same.
 */
export class KeyspaceRequests {
  readonly #router: ControllerRouter;
  readonly #counts: ReadonlyMap<ServedKeyspace, KeyspaceCounts>;
  readonly #isCounting: boolean;

  constructor(router: ControllerRouter) {
    this.#router = router;
    this.#isCounting = router.all.length > 1;
    this.#counts = new Map(router.all.map((keyspace) => [keyspace, { reads: 0, writes: 0, errors: 0 }]));
  }

  /** False where there is one keyspace only. */
  get isCounting(): boolean {
    return this.#isCounting;
  }

  of(keyspace: ServedKeyspace): Readonly<KeyspaceCounts> {
    return this.#counts.get(keyspace)!;
  }

  reset(): void {
    for (const counts of this.#counts.values()) {
      counts.reads = 0;
      counts.writes = 0;
      counts.errors = 0;
    }
  }

  count(request: Request, reply: Reply): void {
    if (!this.#isCounting) return;
    const kind = kindOf(request);
    const isWriting = isWrite(kind.access(request));
    const keyspaces = kind.keyspaces(request, this.#router);
    for (let at = 0; at < keyspaces.length; at++) {
      const counts = this.#counts.get(keyspaces[at]!)!;
      if (isWriting) counts.writes++;
      else counts.reads++;
      if (reply.kind === 'server_error') counts.errors++;
    }
  }
}
