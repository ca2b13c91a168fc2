/**
 * What sessions read and wrote, for the checkers of causal consistency. A session is one client, wherever it is
 * connected. Every value is written once, so a value names the write that it comes from.
 */
export interface SessionEvent {
  readonly session: number;
  readonly key: string;
  readonly kind: 'read' | 'write';
  /** What was read or written; null where the read found nothing. Nothing is ever deleted in such a history. */
  readonly value: string | null;
  /**
   * The write was not answered: it may have happened, at any time since, or never. Its session does not know of it, so
   * nothing that the session does later depends on it.
   */
  readonly isUnknown?: boolean;
}

/** Each session's events in the order in which it did them, one after the other. */
export type SessionHistory = readonly SessionEvent[];

/** A history in which every read is joined with the write that it read. Writes that nobody knows of are left out. */
export interface JoinedHistory {
  readonly events: readonly SessionEvent[];
  /** By event: the write whose value the read found; -1 for a read of nothing, and for a write. */
  readonly source: readonly number[];
  /** By event: the last event of the same session before it that the session knows of; -1 for none. */
  readonly previous: readonly number[];
}

/** @returns the joined history, or what is impossible in it whatever the order, in words */
export function joined(history: SessionHistory): JoinedHistory | string {
  const read = new Set(history.filter(({ kind }) => kind === 'read').map(nameOf));
  const events = history.filter((event) => event.isUnknown !== true || read.has(nameOf(event)));
  const writes = new Map<string, number>();
  for (const [i, event] of events.entries()) {
    if (event.kind !== 'write') continue;
    if (writes.has(nameOf(event))) throw new Error(`${nameOf(event)} is written twice`);
    writes.set(nameOf(event), i);
  }
  const source: number[] = [];
  const known = new Map<number, number>();
  const previous: number[] = [];
  for (const [i, event] of events.entries()) {
    const isReadOfValue = event.kind === 'read' && event.value !== null;
    const found = isReadOfValue ? writes.get(nameOf(event)) : -1;
    if (found === undefined) return `session ${event.session} read ${nameOf(event)}, which nobody wrote`;
    source.push(found);
    previous.push(known.get(event.session) ?? -1);
    if (event.isUnknown !== true) known.set(event.session, i);
  }
  return { events, source, previous };
}

/** The events of the same session before this one, nearest first, as far as the session knows of them. */
export function* earlierOf(event: number, { previous }: JoinedHistory): Generator<number> {
  for (let earlier = previous[event]!; earlier !== -1; earlier = previous[earlier]!) yield earlier;
}

/** For people, and as a name of the write. */
export function nameOf({ key, value }: SessionEvent): string {
  return `${key}=${value}`;
}
