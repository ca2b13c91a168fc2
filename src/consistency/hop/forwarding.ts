import type { RequestFailure } from '../../base/error-codes.ts';
import type { GroupNumber } from '../../base/number-kinds.ts';
import { NO_VERSION } from '../../ordering/version.ts';
import type { ShardElsewhere } from '../../placement/keyspaces.ts';
import { failed, type Reply, serverError } from '../../protocol/reply.ts';
import type { FlushAllRequest, GetAndTouchRequest, GetRequest } from '../../protocol/request.ts';
import type { AskedRequest, HopAnswer } from '../../replication/hop/messages.ts';
import { isWrite } from '../access.ts';
import type { KeyRead } from '../multi-read.ts';
import type { Operation } from '../operation.ts';
import { PHASES } from '../request-phases.ts';
import type { Hop } from './hop.ts';
import type { Rerouting } from './rerouting.ts';
import type { Waiter } from './waiter.ts';

/** Has operations, and parts of them, carried out by the controllers that have their keys. */
export class Forwarding {
  readonly #hop: Hop;
  readonly #rerouting: Rerouting;

  constructor(hop: Hop, rerouting: Rerouting) {
    this.#hop = hop;
    this.#rerouting = rerouting;
  }

  /**
   * At `causal` the next request of the client begins once this one is answered: the answer says what it depends on.
   *
   * @param request that of the operation, which one group can carry out
   */
  carryOut(operation: Operation, request: AskedRequest, shard: ShardElsewhere, isCausal: boolean): void {
    this.#begin(operation);
    const waiter = new WholeRequest(operation, request, this.#rerouting);
    this.#hop.ask(shard, request, operation.client, operation.context, waiter);
    // mutant: hop-overtaken-at-causal
    if (isCausal) return;
    if (operation.access === 'read') {
      operation.releasesBarrierWhenIssued = true;
      operation.onIssued();
      operation.onDelayed();
    } else if (operation.access === 'plain write') operation.releaseBarrier();
  }

  /** One key of a request for several. */
  carryOutKey(
    keyRead: KeyRead,
    request: GetRequest | GetAndTouchRequest,
    operation: Operation,
    shard: ShardElsewhere,
  ): void {
    this.#begin(operation);
    const one: AskedRequest =
      request.kind === 'get'
        ? { kind: 'get', keys: [keyRead.key], withCas: request.withCas }
        : { kind: 'gat', keys: [keyRead.key], withCas: request.withCas, exptime: request.exptime };
    this.#hop.ask(
      shard,
      one,
      operation.client,
      operation.context,
      new OneKey(operation, keyRead, this.#rerouting),
    );
    keyRead.onIssued();
    keyRead.onDelayed();
  }

  /** The part of a flush that concerns one group. @param onApplied called once the group has carried it out */
  flush(
    operation: Operation,
    { delay }: FlushAllRequest,
    shard: ShardElsewhere,
    onApplied: () => void,
  ): void {
    this.#begin(operation);
    const request = { kind: 'flush_all', delay, noreply: false } as const;
    const waiter = new OneFlush(operation, onApplied, this.#rerouting);
    this.#hop.ask(shard, request, operation.client, operation.context, waiter);
  }

  #begin(operation: Operation): void {
    if (isWrite(operation.access)) operation.proposed = true;
    operation.enter(PHASES.agreement);
  }
}

/** A request that goes over the hop as a whole. */
class WholeRequest implements Waiter {
  readonly #operation: Operation;
  readonly #request: AskedRequest;
  readonly #rerouting: Rerouting;

  constructor(operation: Operation, request: AskedRequest, rerouting: Rerouting) {
    this.#operation = operation;
    this.#request = request;
    this.#rerouting = rerouting;
  }

  onAskedAgain(): void {
    this.#operation.takeBarrier();
  }

  onMoved(group: GroupNumber): void {
    this.#rerouting.refused(this.#operation, null, group);
  }

  get isRead(): boolean {
    return this.#operation.access === 'read';
  }

  get isPast(): boolean {
    return this.#operation.done || this.#operation.hasMovedOn;
  }

  onAnswer(answer: HopAnswer, tookMs: number): void {
    const operation = this.#operation;
    if (operation.done) return;
    if (this.#request.kind === 'read_item') {
      const { levelFlag, ageFlag } = this.#request;
      if (levelFlag !== undefined) levelFlag.served = answer.servedLevel;
      // The age counts on until the answer is here. An answer as of now has no age that could grow.
      if (ageFlag !== undefined && answer.servedAgeMs > 0)
        ageFlag.servedMs = answer.servedAgeMs + Math.ceil(tookMs);
    }
    const bytes = valueBytesOf(answer.reply);
    if (bytes > 0) operation.reserve(bytes);
    operation.finish(answer.reply);
  }

  onRefused(failure: RequestFailure): void {
    this.#operation.finish(failed(failure));
  }

  onLost(reason: string): void {
    finishLost(this.#operation, reason);
  }
}

class OneKey implements Waiter {
  readonly #operation: Operation;
  readonly #keyRead: KeyRead;
  readonly #rerouting: Rerouting;

  constructor(operation: Operation, keyRead: KeyRead, rerouting: Rerouting) {
    this.#operation = operation;
    this.#keyRead = keyRead;
    this.#rerouting = rerouting;
  }

  onAskedAgain(): void {
    this.#operation.takeBarrier();
  }

  onMoved(group: GroupNumber): void {
    this.#rerouting.refused(this.#operation, this.#keyRead, group);
  }

  get isRead(): boolean {
    return this.#operation.access === 'read';
  }

  get isPast(): boolean {
    return this.#keyRead.isGone || this.#operation.hasMovedOn;
  }

  onAnswer({ reply }: HopAnswer): void {
    if (reply.kind !== 'hits') return this.#operation.finish(reply);
    const [hit] = reply.hits;
    if (hit === undefined) return this.#keyRead.onRead(null, null);
    const { flags, value, cas } = hit;
    this.#keyRead.onRead(null, { flags, value, token: cas, version: NO_VERSION });
  }

  onRefused(failure: RequestFailure): void {
    this.#keyRead.onRead(failure, null);
  }

  onLost(reason: string): void {
    finishLost(this.#operation, reason);
  }
}

class OneFlush implements Waiter {
  readonly isRead = false;
  readonly #operation: Operation;
  readonly #onApplied: () => void;
  readonly #rerouting: Rerouting;

  constructor(operation: Operation, onApplied: () => void, rerouting: Rerouting) {
    this.#operation = operation;
    this.#onApplied = onApplied;
    this.#rerouting = rerouting;
  }

  onAskedAgain(): void {
    this.#operation.takeBarrier();
  }

  /** The shard is gone. The keys that it had may have missed the flush of their new group, so all are flushed. */
  onMoved(group: GroupNumber): void {
    this.#rerouting.refused(this.#operation, null, group);
  }

  get isPast(): boolean {
    return this.#operation.done || this.#operation.hasMovedOn;
  }

  /** Other groups may have carried out their parts of the flush, whatever became of this one. */
  onAnswer({ reply }: HopAnswer): void {
    if (reply.kind === 'outcome') this.#onApplied();
    else if (reply.kind === 'server_error') finishLost(this.#operation, reply.reason);
    else this.#operation.finish(reply);
  }

  onRefused({ reason }: RequestFailure): void {
    finishLost(this.#operation, reason);
  }

  onLost(reason: string): void {
    finishLost(this.#operation, reason);
  }
}

function finishLost(operation: Operation, reason: string): void {
  operation.finish(
    operation.access === 'read'
      ? serverError('SHARD_UNAVAILABLE', reason)
      : serverError('CONTROLLER_LOST', `outcome unknown: ${reason}`),
  );
}

function valueBytesOf(reply: Reply): number {
  if (reply.kind === 'item') return reply.item.value.length;
  return reply.kind === 'hits' ? (reply.hits[0]?.value.length ?? 0) : 0;
}
