import type { WallMs } from '../base/number-kinds.ts';
import type { Draft } from '../ordering/effect.ts';
import type { Version } from '../ordering/version.ts';
import { flushAtMs } from '../protocol/expiry.ts';
import { REPLIES, type Reply, serverError } from '../protocol/reply.ts';
import type { DeleteRequest, FlushAllRequest, StorageRequest } from '../protocol/request.ts';
import type { Scheme, WriteOutcome } from '../replication/scheme.ts';
import { setChange, storedReply } from './decide-storage.ts';
import type { GateQueue } from './gate-queue.ts';
import type { Operation } from './operation.ts';
import type { RequestRouter } from './policies.ts';

export interface PlainWritesPorts {
  readonly router: RequestRouter;
  readonly gates: GateQueue;
  /** Cluster time, milliseconds since 1970. */
  readonly timeMs: () => WallMs;
}

/** @returns the reply once the write has been applied; null while other writes of the same request have not been */
type ReplyOnceApplied = (existed: boolean, version: Version) => Reply | null;

/** Writes that are their own effect: `set`, `delete` and `flush_all`. */
export class PlainWrites {
  readonly #ports: PlainWritesPorts;

  constructor(ports: PlainWritesPorts) {
    this.#ports = ports;
  }

  set(operation: Operation, request: StorageRequest): void {
    const draft: Draft = { ...setChange(request, this.#ports.timeMs()), key: request.key, condition: null };
    this.#write(operation, request.key, draft, (_, version) => storedReply(request, version));
  }

  delete(operation: Operation, request: DeleteRequest): void {
    const draft: Draft = { kind: 'delete', key: request.key, condition: null };
    const reply = (existed: boolean) => (existed ? REPLIES.deleted : REPLIES.notFound);
    this.#write(operation, request.key, draft, reply);
  }

  /** One write in each group. A request for every key is split and gathered here, and nowhere else. */
  flushAll(operation: Operation, request: FlushAllRequest): void {
    const atMs = flushAtMs(request.delay, this.#ports.timeMs());
    const draft: Draft = atMs === 0 ? { kind: 'flush' } : { kind: 'flush-later', atMs };
    const { groups } = this.#ports.router;
    let unapplied = groups.length;
    const reply = () => (--unapplied === 0 ? REPLIES.ok : null);
    for (const { scheme } of groups) this.#propose(operation, scheme, draft, groups.length === 1, reply);
    operation.releaseBarrier();
  }

  #write(operation: Operation, key: string, draft: Draft, reply: ReplyOnceApplied): void {
    this.#propose(operation, this.#ports.router.of(key).group.scheme, draft, true, reply);
    operation.releaseBarrier();
  }

  /**
   * A conflict says that this write has not happened, so it is proposed again.
   *
   * @param isOnly the request makes no other write, so that after a conflict nothing of it has happened
   */
  #propose(
    operation: Operation,
    scheme: Scheme,
    draft: Draft,
    isOnly: boolean,
    reply: ReplyOnceApplied,
  ): void {
    operation.becomeProposed(scheme);
    const onOutcome = (outcome: WriteOutcome): void => {
      if (outcome.kind === 'applied') {
        operation.noteOutcome(outcome);
        const answer = reply(outcome.existed, outcome.version);
        if (answer !== null) operation.finish(answer);
      } else if (outcome.kind === 'unknown') {
        operation.finish(unknownReply(outcome));
      } else {
        if (isOnly) operation.proposed = false;
        const again = () => this.#propose(operation, scheme, draft, isOnly, reply);
        this.#ports.gates.whenOpen(operation, scheme, 'write', again);
      }
    };
    scheme.write(draft, onOutcome, operation.context);
  }
}

/** The answer to a write that may have happened or not. */
export function unknownReply({ code, reason }: Extract<WriteOutcome, { kind: 'unknown' }>): Reply {
  return serverError(code, `outcome unknown: ${reason}`);
}
