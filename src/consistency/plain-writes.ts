import type { WallMs } from '../base/number-kinds.ts';
import { OPEN } from '../membership/gate.ts';
import type { Draft } from '../ordering/effect.ts';
import type { Version } from '../ordering/version.ts';
import { flushAtMs } from '../protocol/expiry.ts';
import { REPLIES, type Reply, serverError } from '../protocol/reply.ts';
import type { DeleteRequest, FlushAllRequest, StorageRequest } from '../protocol/request.ts';
import type { Scheme, WriteOutcome } from '../replication/scheme.ts';
import { setChange, storedReply } from './decide-storage.ts';
import type { GateQueue } from './gate-queue.ts';
import type { Operation } from './operation.ts';
import { gateIn, type RequestRouter, type ServedKeyspace } from './policies.ts';

export interface PlainWritesPorts {
  readonly router: RequestRouter;
  readonly gates: GateQueue;
  /** Cluster time, milliseconds since 1970. */
  readonly timeMs: () => WallMs;
}

/** @returns the reply once the write has been applied; null while other writes of the same request have not been */
type ReplyOnceApplied = (existed: boolean, version: Version) => Reply | null;

/** A flush of all groups. */
interface Flush {
  readonly operation: Operation;
  readonly draft: Draft;
  readonly isOnly: boolean;
  unapplied: number;
}

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
    const { all, groups } = this.#ports.router;
    const flush = { operation, draft, isOnly: groups.length === 1, unapplied: groups.length };
    for (const group of groups)
      this.#flushIn(
        all.filter((keyspace) => keyspace.group === group),
        flush,
      );
    operation.releaseBarrier();
  }

  /** @param keyspaces that have one group */
  #flushIn(keyspaces: readonly ServedKeyspace[], flush: Flush): void {
    const { operation, draft, isOnly } = flush;
    const reply = () => (--flush.unapplied === 0 ? REPLIES.ok : null);
    this.#propose(operation, keyspaces[0]!.group.scheme, draft, isOnly, reply, () =>
      this.#flushAgain(keyspaces, flush),
    );
  }

  /** After a conflict. The keyspaces may have several groups by now. */
  #flushAgain(keyspaces: readonly ServedKeyspace[], flush: Flush): void {
    const gate = () =>
      keyspaces.map((one) => gateIn(one, 'write')).find(({ state }) => state !== 'open') ?? OPEN;
    this.#ports.gates.when(flush.operation, gate, () => {
      const groups = new Set(keyspaces.map(({ group }) => group));
      flush.unapplied += groups.size - 1;
      for (const group of groups)
        this.#flushIn(
          keyspaces.filter((one) => one.group === group),
          flush,
        );
    });
  }

  #write(operation: Operation, key: string, draft: Draft, reply: ReplyOnceApplied): void {
    this.#writeIn(this.#ports.router.of(key), operation, draft, reply);
    operation.releaseBarrier();
  }

  /** A keyspace may have another group when the write is proposed again. */
  #writeIn(keyspace: ServedKeyspace, operation: Operation, draft: Draft, reply: ReplyOnceApplied): void {
    this.#propose(operation, keyspace.group.scheme, draft, true, reply, () => {
      const again = () => this.#writeIn(keyspace, operation, draft, reply);
      this.#ports.gates.whenOpen(operation, keyspace, 'write', again);
    });
  }

  /**
   * A conflict says that this write has not happened, so it is proposed again.
   *
   * @param isOnly the request makes no other write, so that after a conflict nothing of it has happened
   * @param again proposes the write again
   */
  #propose(
    operation: Operation,
    scheme: Scheme,
    draft: Draft,
    isOnly: boolean,
    reply: ReplyOnceApplied,
    again: () => void,
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
        again();
      }
    };
    scheme.write(draft, onOutcome, operation.context);
  }
}

/** The answer to a write that may have happened or not. */
export function unknownReply({ code, reason }: Extract<WriteOutcome, { kind: 'unknown' }>): Reply {
  return serverError(code, `outcome unknown: ${reason}`);
}
