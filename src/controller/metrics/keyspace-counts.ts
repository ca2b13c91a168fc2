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
  /** By name: a keyspace that gets another prefix goes on, and one that is removed is forgotten at the next tick. */
  readonly #counts = new Map<string, KeyspaceCounts>();

  constructor(router: ControllerRouter) {
    this.#router = router;
  }

  /** False where there is one keyspace only. */
  get isCounting(): boolean {
    return this.#router.all.length > 1;
  }

  of({ name }: Pick<ServedKeyspace, 'name'>): Readonly<KeyspaceCounts> {
    return this.#counts.get(name) ?? NOTHING_COUNTED;
  }

  reset(): void {
    this.#counts.clear();
  }

  /** To be called now and then. */
  onTick(): void {
    if (this.#counts.size === 0) return;
    const names = new Set(this.#router.all.map(({ name }) => name));
    for (const name of this.#counts.keys()) if (!names.has(name)) this.#counts.delete(name);
  }

  count(request: Request, reply: Reply): void {
    if (!this.isCounting) return;
    const kind = kindOf(request);
    const isWriting = isWrite(kind.access(request));
    const keyspaces = kind.keyspaces(request, this.#router);
    for (let at = 0; at < keyspaces.length; at++) {
      const counts = this.#countsOf(keyspaces[at]!.name);
      if (isWriting) counts.writes++;
      else counts.reads++;
      if (reply.kind === 'server_error') counts.errors++;
    }
  }

  #countsOf(name: string): KeyspaceCounts {
    const known = this.#counts.get(name);
    if (known !== undefined) return known;
    const counts = { reads: 0, writes: 0, errors: 0 };
    this.#counts.set(name, counts);
    return counts;
  }
}

const NOTHING_COUNTED: Readonly<KeyspaceCounts> = { reads: 0, writes: 0, errors: 0 };
