import type { Hit, Reply } from '../../src/protocol/reply.ts';
import type { ReadBudget } from '../../src/replication/read-flow.ts';

/** So small that two reads at the same time have to wait for each other, in bytes. */
export const READ_WINDOW_BYTES = 50;

/** So small that a read of three keys is answered in parts, in bytes. */
const BUDGET_BYTES = 100;

/** The bytes that may be read for a simulated client: few, so that reads wait and replies come in parts. */
export class SimReadBudget implements ReadBudget {
  #reservedBytes = 0;
  #parts: Hit[] = [];

  fits(bytes: number, awaited: boolean): boolean {
    return awaited || this.#reservedBytes === 0 || this.#reservedBytes + bytes <= BUDGET_BYTES;
  }

  reserve(bytes: number): void {
    this.#reservedBytes += bytes;
  }

  onPart(hits: readonly Hit[]): void {
    this.#parts.push(...hits);
  }

  /** The reply, together with the parts that were sent before. */
  whole(reply: Reply): Reply {
    const parts = this.#parts;
    this.#parts = [];
    return reply.kind === 'hits' && parts.length > 0 ? { ...reply, hits: [...parts, ...reply.hits] } : reply;
  }
}
