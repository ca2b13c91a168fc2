import { type Event, type History, sameAnswer, step, type Value } from '../../src/checkers/history.ts';

/** One write as the replicas applied it. */
export interface Applied {
  /** Empty for a flush. */
  readonly key: string;
  readonly kind: 'set' | 'delete' | 'flush';
  /** The value that the key has from then on, for `set`. */
  readonly value: string | null;
}

/** A place for an operation in the witness: after so many applied writes. */
type Position = number;

/**
 * Sequential consistency (see `sequential-consistency.ts`) of long histories. The order is not searched for: the order
 * in which the replicas applied the writes is taken as the witness, and verified.
 *
 * 1. For every applied write there is an operation of a client that has just this effect at that place.
 * 2. Every answered operation has a place: a write at its own effect, any other operation where its answer is right.
 *   The places of the operations of a client are in the client's order.
 *
 * Values are unique, so a value tells which operation a `set` belongs to. Deletes and flushes are all alike, so one
 * applied delete may stand for several operations here. Their number is checked instead: no more of them may be
 * answered "deleted" than there were entries to delete.
 *
 * @param applied in the order of their versions, each once
 * @param mayLose whether all stores may have lost an entry, so that a delete needs no client
 * @returns what is wrong, in words; null when nothing is
 */
export function findSequentialViolation(
  history: History,
  applied: readonly Applied[],
  mayLose: boolean,
): string | null {
  const witness = new Witness(applied);
  return (
    witness.findUnexplained(history, mayLose) ??
    witness.findSharedDelete(history) ??
    witness.findUnplaced(history)
  );
}

/** The values of all keys after each applied write. */
class Witness {
  readonly #applied: readonly Applied[];
  /** For each key, the places at which its value changes, with the value from there on. */
  readonly #values = new Map<string, { at: Position; value: Value }[]>();

  constructor(applied: readonly Applied[]) {
    this.#applied = applied;
    const keys = new Set(applied.map((one) => one.key).filter((key) => key !== ''));
    for (const key of keys) this.#values.set(key, [{ at: 0, value: null }]);
    applied.forEach((one, index) => {
      const at = index + 1;
      const changed = one.kind === 'flush' ? [...keys] : [one.key];
      for (const key of changed) this.#values.get(key)!.push({ at, value: one.value });
    });
  }

  findUnexplained(history: History, mayLose: boolean): string | null {
    const writers = new Map<string, Event[]>();
    for (const event of history) {
      const place = writers.get(event.key);
      if (place === undefined) writers.set(event.key, [event]);
      else place.push(event);
    }
    for (const [index, one] of this.#applied.entries()) {
      if (one.kind === 'delete' && mayLose) continue;
      const before = one.key === '' ? null : this.#valueAt(one.key, index);
      const explained = (writers.get(one.key) ?? []).some((event) => explains(event, one, before));
      if (!explained)
        return `no client asked for what was applied: ${describe(one)}, over ${before ?? 'nothing'}`;
    }
    return null;
  }

  findSharedDelete(history: History): string | null {
    const left = new Map<string, number>();
    this.#applied.forEach(({ key, kind }, index) => {
      if (kind !== 'delete' || this.#valueAt(key, index) === null) return;
      left.set(key, (left.get(key) ?? 0) + 1);
    });
    for (const { key, action, answer } of history) {
      if (action.kind !== 'delete' || answer.kind !== 'word' || answer.word !== 'deleted') continue;
      const count = (left.get(key) ?? 0) - 1;
      if (count < 0) return `more deletes of ${key} were answered than there was to delete`;
      left.set(key, count);
    }
    return null;
  }

  findUnplaced(history: History): string | null {
    const places = new Map<number, Position>();
    const taken = new Set<Position>();
    const inOrder = [...history].sort((a, b) => a.invokedAt - b.invokedAt);
    for (const event of inOrder) {
      if (event.answer.kind === 'unknown') continue;
      const from = places.get(event.client) ?? 0;
      const at = this.#placeOf(event, from, taken);
      if (at === null) return `client ${event.client}: no place for ${JSON.stringify(event)} after ${from}`;
      places.set(event.client, at);
    }
    return null;
  }

  /** The first place for the operation from here on; null when there is none. */
  #placeOf(event: Event, from: Position, taken: Set<Position>): Position | null {
    if (!hasEffect(event)) return this.#placeOfRead(event, from);
    const alike = event.action.kind === 'delete' || event.action.kind === 'flush';
    for (let at = from + 1; at <= this.#applied.length; at++) {
      if (taken.has(at) && !alike) continue;
      const before = event.key === '' ? null : this.#valueAt(event.key, at - 1);
      if (!explains(event, this.#applied[at - 1]!, before)) continue;
      taken.add(at);
      return at;
    }
    return null;
  }

  /** A place for an operation that changes nothing: any at which its answer is right. */
  #placeOfRead(event: Event, from: Position): Position | null {
    const values = this.#values.get(event.key) ?? [{ at: 0, value: null }];
    for (let i = 0; i < values.length; i++) {
      const until = values[i + 1]?.at ?? Number.POSITIVE_INFINITY;
      if (until <= from) continue;
      const { value } = values[i]!;
      const stepped = step(value, event.action);
      if (stepped.next === value && sameAnswer(stepped.answer, event.answer))
        return Math.max(from, values[i]!.at);
    }
    return null;
  }

  #valueAt(key: string, position: Position): Value {
    const values = this.#values.get(key);
    if (values === undefined) return null;
    let low = 0;
    let high = values.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (values[middle]!.at <= position) low = middle;
      else high = middle - 1;
    }
    return values[low]!.value;
  }
}

/** Whether the operation, carried out on this value, has the applied effect and the right answer. */
function explains(event: Event, one: Applied, before: Value): boolean {
  const { action, answer, key } = event;
  if (key !== one.key) return false;
  const stepped = step(before, action);
  if (answer.kind !== 'unknown' && !sameAnswer(stepped.answer, answer)) return false;
  if (one.kind !== 'set') return action.kind === one.kind;
  return stepped.next === one.value && hasEffect({ action, answer: stepped.answer });
}

/** Whether an operation with this answer was applied as a write. A delete always is, whatever it finds. */
function hasEffect({ action, answer }: Pick<Event, 'action' | 'answer'>): boolean {
  if (action.kind === 'delete' || action.kind === 'flush') return true;
  if (action.kind === 'incr') return answer.kind === 'value';
  return answer.kind === 'word' && answer.word === 'stored';
}

function describe({ kind, key, value }: Applied): string {
  return kind === 'set' ? `${key}=${value}` : `${kind} ${key}`.trim();
}
