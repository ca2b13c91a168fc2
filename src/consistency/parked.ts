import type { Gate } from '../membership/gate.ts';
import { failed } from '../protocol/reply.ts';
import type { Operation } from './operation.ts';

/** Requests that were begun, and may not go on before a gate of the engine is open again. */
export class Parked {
  #waiting: { readonly operation: Operation; readonly gate: () => Gate; readonly go: () => void }[] = [];

  /** Goes on now, later, or, when the gate is closed, answers with its reason. */
  whenOpen(operation: Operation, gate: () => Gate, go: () => void): void {
    if (operation.done) return;
    const now = gate();
    if (now.state === 'open') go();
    else if (now.state === 'closed') operation.finish(failed(now));
    else this.#waiting.push({ operation, gate, go });
  }

  /** To be called when a gate may have changed, and now and then: those that were answered meanwhile are let go. */
  retry(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { operation, gate, go } of waiting) this.whenOpen(operation, gate, go);
  }
}
