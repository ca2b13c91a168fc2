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
  const seen = writesSeen(history, edges, order);
  for (const [event, { kind, key, value, session }] of events.entries()) {
    if (kind !== 'read') continue;
    for (const write of seen(event)) {
      if (events[write]!.key !== key || write === source[event]) continue;
      const text = `session ${session} read ${key}=${value}, and had to see ${nameOf(events[write]!)}`;
      if (source[event] === -1) return text;
      const found = source[event]!;
      for (const older of seen(write)) if (older === found) return `${text}, which is newer`;
      edges[found]!.push(write);
    }
  }
  return sorted(edges) === null ? 'no order of all writes explains the reads' : null;
}

/** Each event after all those before it; null when there is a circle. */
function sorted(before: readonly (readonly number[])[]): number[] | null {
  const waitsFor = before.map(({ length }) => length);
  const after: number[][] = before.map(() => []);
  for (const [event, list] of before.entries()) for (const earlier of list) after[earlier]!.push(event);
  const order = waitsFor.flatMap((count, event) => (count === 0 ? [event] : []));
  for (const event of order) {
    for (const later of after[event]!) if (--waitsFor[later]! === 0) order.push(later);
  }
  return order.length === before.length ? order : null;
}

/** The writes among all that comes before an event, as one bit each. */
function writesSeen(
  { events }: JoinedHistory,
  edges: readonly (readonly number[])[],
  order: readonly number[],
): (event: number) => Generator<number> {
  const words = Math.ceil(events.length / BITS);
  const seen = events.map(() => new Uint32Array(words));
  for (const event of order) {
    const own = seen[event]!;
    for (const earlier of edges[event]!) {
      for (const [i, word] of seen[earlier]!.entries()) own[i]! |= word;
      if (events[earlier]!.kind === 'write') own[Math.floor(earlier / BITS)]! |= 1 << (earlier % BITS);
    }
  }
  return function* writes(event) {
    for (const [i, word] of seen[event]!.entries()) {
      for (let rest = word; rest !== 0; rest &= rest - 1) {
        yield i * BITS + BITS - 1 - Math.clz32(rest & -rest);
      }
    }
  };
}

const BITS = 32;
