import { type JoinedHistory, nameOf } from './session-history.ts';

/** The events that come before this one by the rule that is checked: what they know of has to be seen by it. */
export type Rule = (event: number, history: JoinedHistory) => Iterable<number>;

/**
 * Whether there is one order of all writes (the arbitration) in which every read found the last write of its key among
 * those that it had to see. What an event has to see, the rule says: all writes among the events before it, and before
 * those, and so on. The order of the writes has to agree with the same rule.
 *
 * Bad patterns decide this, since every value names its write (Bouajjani et al., "On verifying causal consistency",
 * POPL 2017): the events before each other form no circle; no read finds nothing where it had to see a write; and if
 * every other write of the key that a read had to see is put before the write that it found, there is no circle either.
 *
 * @returns what contradicts the rule, in words; null when nothing does
 */
export function findContradiction(history: JoinedHistory, rule: Rule): string | null {
  const { events, source } = history;
  const edges = events.map((_, event) => [...rule(event, history)]);
  const order = sorted(edges);
  if (order === null) return 'events come before each other in a circle';
  const sees = writesSeen(history, edges, order);
  const writesOf = writesByKey(history);
  for (const [event, { kind, key, value, session }] of events.entries()) {
    if (kind !== 'read') continue;
    const found = source[event]!;
    for (const write of writesOf.get(key) ?? []) {
      if (write === found || !sees(event, write)) continue;
      const text = `session ${session} read ${key}=${value}, and had to see ${nameOf(events[write]!)}`;
      if (found === -1) return text;
      if (sees(write, found)) return `${text}, which is newer`;
      edges[found]!.push(write);
    }
  }
  return sorted(edges) === null ? 'no order of all writes explains the reads' : null;
}

/** The writes of each key, in the order of the history. */
export function writesByKey({ events }: JoinedHistory): ReadonlyMap<string, readonly number[]> {
  const writes = new Map<string, number[]>();
  for (const [event, { kind, key }] of events.entries()) {
    if (kind !== 'write') continue;
    const ofKey = writes.get(key);
    if (ofKey === undefined) writes.set(key, [event]);
    else ofKey.push(event);
  }
  return writes;
}

/** Each event after all those before it; null when there is a circle. */
export function sorted(before: readonly (readonly number[])[]): number[] | null {
  const waitsFor = before.map(({ length }) => length);
  const after: number[][] = before.map(() => []);
  for (const [event, list] of before.entries()) for (const earlier of list) after[earlier]!.push(event);
  const order = waitsFor.flatMap((count, event) => (count === 0 ? [event] : []));
  for (const event of order) {
    for (const later of after[event]!) if (--waitsFor[later]! === 0) order.push(later);
  }
  return order.length === before.length ? order : null;
}

/**
 * Tells whether a write is among all that comes before an event. For each event there is one bit for each write.
 *
 * @param edges by event: the events right before it
 * @param order each event after all those before it
 */
export function writesSeen(
  { events }: JoinedHistory,
  edges: readonly (readonly number[])[],
  order: readonly number[],
): (event: number, write: number) => boolean {
  let writes = 0;
  const numbers = events.map(({ kind }) => (kind === 'write' ? writes++ : -1));
  const words = Math.ceil(writes / BITS);
  const seen = events.map(() => new Uint32Array(words));
  for (const event of order) {
    const own = seen[event]!;
    for (const earlier of edges[event]!) {
      const before = seen[earlier]!;
      for (let word = 0; word < words; word++) own[word]! |= before[word]!;
      const number = numbers[earlier]!;
      if (number !== -1) own[Math.floor(number / BITS)]! |= 1 << (number % BITS);
    }
  }
  return (event, write) => {
    const number = numbers[write]!;
    return (seen[event]![Math.floor(number / BITS)]! & (1 << (number % BITS))) !== 0;
  };
}

const BITS = 32;
