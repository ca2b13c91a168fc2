import type { Need } from '../membership/gate.ts';
import { failed } from '../protocol/reply.ts';
import type { Scheme } from '../replication/scheme.ts';
import type { Operation } from './operation.ts';

interface WaitingOperation {
  readonly operation: Operation;
  readonly scheme: Scheme;
  readonly need: Need;
  readonly go: () => void;
}

/** Operations that have started, and have to wait for a gate to open again before they go on. */
export class GateQueue {
  #waiting: WaitingOperation[] = [];

  /** Calls `go` now if the gate is open, or once it opens. A closed gate answers the operation with its reason. */
  whenOpen(operation: Operation, scheme: Scheme, need: Need, go: () => void): void {
    if (operation.done) return;
    const gate = scheme.gate(need);
    if (gate.state === 'open') go();
    else if (gate.state === 'closed') operation.finish(failed(gate));
    else this.#waiting.push({ operation, scheme, need, go });
  }

  /** To be called when a gate may have changed, and every few milliseconds. Answered operations leave the queue. */
  retry(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { operation, scheme, need, go } of waiting) this.whenOpen(operation, scheme, need, go);
  }
}
