import type { SessionEvent, SessionHistory } from '../../src/checkers/session-history.ts';

/** What a history has to be explained by: which writes each event sees, and one order of all writes. */
interface Explanation {
  readonly events: SessionHistory;
  /** By event: the events that it sees, all of them writes. */
  readonly seen: readonly ReadonlySet<number>[];
  /** All writes, in the order that they have for everybody. */
  readonly order: readonly number[];
}

type Axiom = (explanation: Explanation, earlier: number, later: number) => boolean;

/** By name, what has to hold for any two events, the second of which comes later in the same session. */
const IN_SESSION: Readonly<Record<string, Axiom>> = {
  'read your writes': ({ events, seen }, earlier, later) =>
    events[earlier]!.kind === 'read' || events[later]!.kind === 'write' || seen[later]!.has(earlier),
  'monotonic reads': ({ events, seen }, earlier, later) =>
    events[earlier]!.kind === 'write' ||
    events[later]!.kind === 'write' ||
    seen[earlier]!.isSubsetOf(seen[later]!),
  'monotonic writes': ({ events, seen, order }, earlier, later) =>
    events[earlier]!.kind === 'read' ||
    events[later]!.kind === 'read' ||
    (order.indexOf(earlier) < order.indexOf(later) &&
      seen.every((one, event) => events[event]!.kind === 'write' || !one.has(later) || one.has(earlier))),
  'writes follow reads': ({ events, seen, order }, earlier, later) =>
    events[earlier]!.kind === 'write' ||
    events[later]!.kind === 'read' ||
    ([...seen[earlier]!].every((write) => order.indexOf(write) < order.indexOf(later)) &&
      seen.every(
        (one, event) => events[event]!.kind === 'write' || !one.has(later) || seen[earlier]!.isSubsetOf(one),
      )),
  causal: ({ events, seen }, earlier, later) =>
    seen[earlier]!.isSubsetOf(seen[later]!) &&
    (events[earlier]!.kind === 'read' || seen[later]!.has(earlier)),
};

const ALSO: Readonly<Record<string, readonly string[]>> = {
  'monotonic writes': ['monotonic reads'],
  'writes follow reads': ['monotonic reads'],
};

/** Who sees a write sees all that the write itself had seen, and the order agrees; as far as that is known. */
function isClosed({ seen, order }: Explanation): boolean {
  return seen.every((own) =>
    [...own].every(
      (write) =>
        seen[write] === undefined ||
        (seen[write].isSubsetOf(own) &&
          [...seen[write]].every((older) => order.indexOf(older) < order.indexOf(write))),
    ),
  );
}

/** Whether anything explains the history, by trying everything: every order of the writes, and all that each event may see. */
export function isExplained(name: string, events: SessionHistory): boolean {
  const writes = [...events.keys()].filter((event) => events[event]!.kind === 'write');
  const sets = subsets(writes);
  const names = [name, ...(ALSO[name] ?? [])];
  const holds = (explanation: Explanation): boolean =>
    (name !== 'causal' || isClosed(explanation)) &&
    explanation.seen.every((_, i) =>
      events
        .slice(0, i)
        .every(
          (earlier, j) =>
            earlier.session !== events[i]!.session ||
            names.every((one) => IN_SESSION[one]!(explanation, j, i)),
        ),
    );
  const explained = (order: readonly number[], seen: readonly ReadonlySet<number>[]): boolean => {
    if (!holds({ events, seen, order })) return false;
    const event = seen.length;
    if (event === events.length) return true;
    return sets.some(
      (own) =>
        !own.has(event) &&
        (events[event]!.kind === 'write'
          ? name === 'causal' || own.size === 0
          : lastOf(events, order, own, events[event]!) === events[event]!.value) &&
        explained(order, [...seen, own]),
    );
  };
  return permutations(writes).some((order) => explained(order, []));
}

function lastOf(
  events: SessionHistory,
  order: readonly number[],
  own: ReadonlySet<number>,
  { key }: SessionEvent,
): string | null {
  const last = order.findLast((write) => own.has(write) && events[write]!.key === key);
  return last === undefined ? null : events[last]!.value;
}

function subsets(all: readonly number[]): ReadonlySet<number>[] {
  return Array.from(
    { length: 2 ** all.length },
    (_, bits) => new Set(all.filter((__, i) => (bits >> i) & 1)),
  );
}

function permutations(all: readonly number[]): number[][] {
  if (all.length === 0) return [[]];
  return all.flatMap((first, i) => permutations(all.toSpliced(i, 1)).map((rest) => [first, ...rest]));
}
