import { type Hit, serverError } from '../protocol/reply.ts';
import type { Entry } from '../store/entry.ts';
import { tokenOf } from './conditional.ts';
import type { Operation } from './operation.ts';

/** Collects the hits of a multi-key read, in the order of its keys. */
export class Gathering {
  readonly #operation: Operation;
  readonly #keys: readonly string[];
  readonly #withCas: boolean;
  readonly #hits: (Hit | null)[];
  #waiting: number;

  constructor(operation: Operation, keys: readonly string[], withCas: boolean) {
    this.#operation = operation;
    this.#keys = keys;
    this.#withCas = withCas;
    this.#hits = new Array<Hit | null>(keys.length).fill(null);
    this.#waiting = keys.length;
  }

  onRead(
    index: number,
  ): (error: string | null, entry: Pick<Entry, 'flags' | 'value' | 'version' | 'token'> | null) => void {
    return (error, entry) => {
      if (error !== null) return this.#operation.finish(serverError(error));
      if (entry !== null) {
        const cas = this.#withCas ? tokenOf(entry) : 0n;
        this.#hits[index] = { key: this.#keys[index]!, flags: entry.flags, value: entry.value, cas };
      }
      if (--this.#waiting > 0) return;
      this.#operation.finish({ kind: 'hits', hits: this.#hits.filter((hit) => hit !== null) });
    };
  }
}
