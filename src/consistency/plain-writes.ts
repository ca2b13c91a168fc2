import type { WallMs } from '../base/number-kinds.ts';
import { OPEN } from '../membership/gate.ts';
import type { Draft } from '../ordering/effect.ts';
import type { Version } from '../ordering/version.ts';
import type { ShardElsewhere } from '../placement/keyspaces.ts';
import { flushAtMs } from '../protocol/expiry.ts';
import { REPLIES, type Reply, serverError } from '../protocol/reply.ts';
import type { DeleteRequest, FlushAllRequest, StorageRequest } from '../protocol/request.ts';
import type { Scheme, WriteOutcome } from '../replication/scheme.ts';
import { setChange, storedReply } from './decide-storage.ts';
import type { GateQueue } from './gate-queue.ts';
import type { Forwarding } from './hop/forwarding.ts';
import type { Rerouting } from './hop/rerouting.ts';
import type { Operation } from './operation.ts';
import { gateIn, type RequestRouter, type ServedPart, type ServingGroup } from './policies.ts';

export interface PlainWritesPorts {
  readonly router: RequestRouter;
  readonly gates: GateQueue;
  /** Null where no keyspace has shards. */
  readonly forwarding: Forwarding;
  readonly rerouting: Rerouting;
  /** Cluster time, milliseconds since 1970. */
  readonly timeMs: () => WallMs;
}

/** @returns the reply once the write has been applied; null while other writes of the same request have not been */
type ReplyOnceApplied = (existed: boolean, version: Version) => Reply | null;

/** A flush of all groups. */
interface Flush {
  readonly operation: Operation;
  readonly request: FlushAllRequest;
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
    const parts = partsFlushed(request, this.#ports.router);
    const groups = groupsHere(parts);
    const elsewhere = shardsElsewhere(parts);
    const unapplied = groups.length + elsewhere.length;
    const flush = { operation, request, draft, isOnly: unapplied === 1, unapplied };
    for (const shard of elsewhere)
      this.#ports.forwarding.flush(operation, request, shard, () => {
        if (--flush.unapplied === 0) operation.finish(REPLIES.ok);
      });
    this.#flushIn(groups, flush);
    operation.releaseBarrier();
  }

  /**
   * The ordered groups come last. A key that moves from such a group to a convergent one then has a write after the
   * flush only with a version that is past both flushes: every controller has received that of the ordered group
   * before the flush is answered.
   */
  #flushIn(groups: readonly ServingGroup[], flush: Flush): void {
    const { operation, draft, isOnly } = flush;
    const reply = () => (--flush.unapplied === 0 ? REPLIES.ok : null);
    // mutant: flushes-ordered-groups-first
    const inOrder = groups.toSorted((a, b) => Number(isOrderedGroup(a)) - Number(isOrderedGroup(b)));
    for (const { scheme } of inOrder)
      this.#propose(operation, scheme, draft, isOnly, reply, () => this.#flushAgain(flush));
  }

  /** After a conflict. The keys of the group may be in several groups by now, so all are flushed. */
  #flushAgain(flush: Flush): void {
    const { gates, router } = this.#ports;
    const partsHere = () => partsFlushed(flush.request, router).filter(({ elsewhere }) => elsewhere === null);
    const gate = () =>
      partsHere()
        .map((part) => gateIn(part, 'write'))
        .find(({ state }) => state !== 'open') ?? OPEN;
    gates.when(flush.operation, gate, () => {
      const groups = groupsHere(partsHere());
      flush.unapplied += groups.length - 1;
      this.#flushIn(groups, flush);
    });
  }

  #write(operation: Operation, key: string, draft: Draft, reply: ReplyOnceApplied): void {
    this.#writeTo(key, operation, draft, reply);
    operation.releaseBarrier();
  }

  /** The key may have another group when the write is proposed again. */
  #writeTo(key: string, operation: Operation, draft: Draft, reply: ReplyOnceApplied): void {
    const { router, gates, rerouting } = this.#ports;
    if (rerouting.leaves(operation, key, operation)) return;
    this.#propose(operation, router.partHere(key).group.scheme, draft, true, reply, () =>
      gates.whenOpen(operation, key, 'write', () => this.#writeTo(key, operation, draft, reply)),
    );
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

/** The keyspaces and shards that the flush concerns. */
export function partsFlushed({ only }: FlushAllRequest, router: RequestRouter): readonly ServedPart[] {
  const { parts } = router;
  if (only === undefined) return parts;
  return parts.filter(({ elsewhere, group }) => elsewhere === null && group.number === only);
}

/** The shards of those parts that this controller does not have, each once. */
function shardsElsewhere(parts: readonly ServedPart[]): readonly ShardElsewhere[] {
  const byGroup = parts.flatMap(({ elsewhere }) =>
    elsewhere === null ? [] : ([[elsewhere.group, elsewhere]] as const),
  );
  return [...new Map(byGroup).values()];
}

/** The groups of those parts that this controller has, each once. */
function groupsHere(parts: readonly ServedPart[]): readonly ServingGroup[] {
  return [...new Set(parts.flatMap(({ elsewhere, group }) => (elsewhere === null ? [group] : [])))];
}

function isOrderedGroup({ scheme }: ServingGroup): boolean {
  return scheme.views !== null;
}

/** The answer to a write that may have happened or not. */
export function unknownReply({ code, reason }: Extract<WriteOutcome, { kind: 'unknown' }>): Reply {
  return serverError(code, `outcome unknown: ${reason}`);
}
