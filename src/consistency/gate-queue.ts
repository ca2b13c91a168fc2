import { type Gate, type Need, OPEN } from '../membership/gate.ts';
import { failed } from '../protocol/reply.ts';
import type { Operation } from './operation.ts';
import { gateIn, type RequestRouter } from './policies.ts';
import { PHASES } from './request-phases.ts';

interface WaitingOperation {
  readonly operation: Operation;
  readonly gateOf: () => Gate;
  readonly go: () => void;
}

/** Operations that have started, and have to wait for a gate to open again before they go on. */
export class GateQueue {
  readonly #router: RequestRouter;
  #waiting: WaitingOperation[] = [];

  constructor(router: RequestRouter) {
    this.#router = router;
  }

  /**
   * Calls `go` now if the gate of the key's keyspace is open, or once it opens. A closed gate answers the operation
   * with its reason. The key may get into another keyspace meanwhile.
   */
  whenOpen(operation: Operation, key: string, need: Need, go: () => void): void {
    if (operation.done) return;
    this.when(operation, () => this.#gateOf(key, need), go);
  }

  /** Where the key is elsewhere by now, the operation goes on there (`Rerouting`). */
  #gateOf(key: string, need: Need): Gate {
    const part = this.#router.partOf(key);
    return part.elsewhere === null ? gateIn(part, need) : OPEN;
  }

  /** The same for any gate. */
  when(operation: Operation, gateOf: () => Gate, go: () => void): void {
    if (operation.done) return;
    const gate = gateOf();
    if (gate.state === 'open') go();
    else if (gate.state === 'closed') operation.finish(failed(gate));
    else {
      operation.enter(PHASES.waiting);
      this.#waiting.push({ operation, gateOf, go });
    }
  }

  /** To be called when a gate may have changed, and every few milliseconds. Answered operations leave the queue. */
  retry(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { operation, gateOf, go } of waiting) this.when(operation, gateOf, go);
  }
}
