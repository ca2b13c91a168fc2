import { type Hit, type Reply, serverError } from '../protocol/reply.ts';
import type { Entry } from '../store/entry.ts';
import { tokenOf } from './conditional.ts';
import type { Operation } from './operation.ts';

/** What of an entry a client may be shown. */
type Shown = Pick<Entry, 'flags' | 'value' | 'version' | 'token'>;

export const NO_HITS: Reply = Object.freeze({ kind: 'hits', hits: [] });

export function hitOf(key: string, entry: Shown, withCas: boolean): Hit {
  return { key, flags: entry.flags, value: entry.value, cas: withCas ? tokenOf(entry) : 0n };
}

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

  onRead(index: number): (error: string | null, entry: Shown | null) => void {
    return (error, entry) => {
      if (error !== null) return this.#operation.finish(serverError(error));
      if (entry !== null) this.#hits[index] = hitOf(this.#keys[index]!, entry, this.#withCas);
      if (--this.#waiting > 0) return;
      this.#operation.finish({ kind: 'hits', hits: this.#hits.filter((hit) => hit !== null) });
    };
  }
}
