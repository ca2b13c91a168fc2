import type { Clock } from '../../base/clock.ts';
import { failure, type RequestFailure } from '../../base/error-codes.ts';
import type { GroupNumber, MonotonicMs } from '../../base/number-kinds.ts';
import type { Gate } from '../../membership/gate.ts';
import { failed } from '../../protocol/reply.ts';
import { KeyRead } from '../multi-read.ts';
import type { Operation } from '../operation.ts';
import type { RequestRouter } from '../policies.ts';
import { PHASES } from '../request-phases.ts';

export interface ReroutingPorts {
  readonly router: RequestRouter;
  readonly clock: Clock;
  /** Whether the operation may start now, whatever waits here. */
  readonly gate: (operation: Operation) => Gate;
  readonly start: (operation: Operation) => void;
  /** Reads or touches the key of a request for several, here or elsewhere. */
  readonly startKey: (keyRead: KeyRead) => void;
}

interface Waiting {
  readonly operation: Operation;
  /** One key of the operation; null for all of it. */
  readonly keyRead: KeyRead | null;
  /** The group that does not have the key; null where this controller has lost it. */
  readonly refusedBy: GroupNumber | null;
  readonly sinceMs: MonotonicMs;
}

/** A controller that has been asked and knows no more than this one is asked again after so long, in milliseconds. */
const ASK_AGAIN_MS = 50;

/**
 * Begins requests anew whose key has got another group while they were under way. None of them has been carried out.
 *
 *  1. They begin in the order in which it was found out. The requests of a client for a key were begun in their order,
 *     so the group that has lost the key refuses them in that order.
 *  2. No other request for a key of a shard is begun while one waits here (`isBusy`), so none is overtaken.
 *  3. A read with a bound on staleness may have to wait for long. Only later requests of its own client wait for it. If
 *     one of these was begun already, the read is given up where it would have to wait.
 *  4. A request of another controller's client is never sent on from here: that controller is told.
 */
export class Rerouting {
  readonly #ports: ReroutingPorts;
  #waiting: Waiting[] = [];
  #isRetrying = false;

  constructor(ports: ReroutingPorts) {
    this.#ports = ports;
  }

  get isBusy(): boolean {
    // mutant: all-wait-for-a-bound
    return this.#waiting.some(({ operation }) => operation.maxAgeMs === null || operation.hasMovedOn);
  }

  /**
   * To be asked before a request goes on with a key that was here when it began.
   *
   * @param reader the operation, or the read of one of its keys
   * @returns true when the key is elsewhere by now: then the request is begun anew there, and must not go on here
   */
  leaves(operation: Operation, key: string, reader: unknown): boolean {
    const { elsewhere } = this.#ports.router.partOf(key);
    if (elsewhere === null || operation.done) return false;
    operation.proposed = false;
    if (operation.context.isOfPeer) operation.finish(failed(LOST));
    else this.#push(operation, reader instanceof KeyRead ? reader : null, null);
    return true;
  }

  /** The group that was asked does not have the key. */
  refused(operation: Operation, keyRead: KeyRead | null, group: GroupNumber): void {
    if (operation.done) return;
    operation.proposed = false;
    this.#push(operation, keyRead, group);
  }

  /** To be called when routes or gates may have changed, and every few milliseconds. */
  retry(): void {
    if (this.#waiting.length === 0 || this.#isRetrying) return;
    this.#isRetrying = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) if (!one.operation.done && !this.#begin(one)) this.#waiting.push(one);
    this.#isRetrying = false;
  }

  #push(operation: Operation, keyRead: KeyRead | null, refusedBy: GroupNumber | null): void {
    operation.enter(PHASES.waiting);
    if (operation.maxAgeMs !== null && !operation.hasMovedOn) operation.takeBarrier();
    this.#waiting.push({ operation, keyRead, refusedBy, sinceMs: this.#ports.clock.nowMs() });
    this.retry();
  }

  /** @returns false when it has to wait */
  #begin({ operation, keyRead, refusedBy, sinceMs }: Waiting): boolean {
    const { router, clock, gate, start, startKey } = this.#ports;
    const key = keyRead?.key ?? keyOf(operation);
    const part = key === null ? null : router.partOf(key);
    if (part?.hold === 'all') return false;
    const isSameGroup = part?.elsewhere != null && part.elsewhere.group === refusedBy;
    if ((part === null || isSameGroup) && clock.nowMs() - sinceMs < ASK_AGAIN_MS) return false;
    const now = gate(operation);
    if (now.state === 'wait' && operation.maxAgeMs !== null && operation.hasMovedOn)
      operation.finish(failed(now));
    if (operation.done) return true;
    if (now.state === 'wait') return false;
    if (now.state === 'closed') operation.finish(failed(now));
    else if (keyRead === null) start(operation);
    else startKey(keyRead);
    return true;
  }
}

/** Null for a flush. */
function keyOf({ request }: Operation): string | null {
  if ('keys' in request) return request.keys[0]!;
  return 'key' in request ? request.key : null;
}

export const LOST: RequestFailure = failure(
  'WRONG_SHARD',
  'the controller that was asked does not have the key any more',
);
