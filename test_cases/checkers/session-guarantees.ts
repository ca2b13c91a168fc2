import {
  earlierOf,
  type JoinedHistory,
  joined,
  type SessionHistory,
} from '../../src/checkers/session-history.ts';
import { findContradiction, type Rule } from '../../src/checkers/visibility.ts';

/**
 * The four session guarantees, one by one (Terry et al. 1994). The last two speak of what other sessions see. There the
 * reads of the observing session are taken to be monotonic: what it has seen once, it goes on to see.
 */
export const SESSION_GUARANTEES: Readonly<Record<string, Rule>> = {
  /** A read sees all that its session wrote before. */
  'read your writes': (event, history) =>
    isRead(event, history) ? [...sourceOf(event, history), ...earlier(event, history, 'write')] : [],

  /** A read sees all that its session's earlier reads saw. */
  'monotonic reads': (event, history) =>
    isRead(event, history) ? [...sourceOf(event, history), ...last(event, history, 'read')] : [],

  /** Who sees a write sees all that the writer's session wrote before. */
  'monotonic writes': (event, history) =>
    isRead(event, history)
      ? [...sourceOf(event, history), ...last(event, history, 'read')]
      : last(event, history, 'write'),

  /** Who sees a write sees all that the writer's session had read before. */
  'writes follow reads': (event, history) => [...sourceOf(event, history), ...last(event, history, 'read')],
};

/** @returns the first guarantee that is broken, and how, in words; null when all hold */
export function findBrokenGuarantee(history: SessionHistory): string | null {
  for (const name of Object.keys(SESSION_GUARANTEES)) {
    const broken = findViolationOf(name, history);
    if (broken !== null) return `${name}: ${broken}`;
  }
  return null;
}

/** @param name of one of `SESSION_GUARANTEES` @returns how it is broken, in words; null when it holds */
export function findViolationOf(name: string, history: SessionHistory): string | null {
  const known = joined(history);
  return typeof known === 'string' ? known : findContradiction(known, SESSION_GUARANTEES[name]!);
}

function isRead(event: number, { events }: JoinedHistory): boolean {
  return events[event]!.kind === 'read';
}

function sourceOf(event: number, { source }: JoinedHistory): number[] {
  return source[event] === -1 ? [] : [source[event]!];
}

/** All events of this kind that the session did before. */
function earlier(event: number, history: JoinedHistory, kind: 'read' | 'write'): number[] {
  return [...earlierOf(event, history)].filter((other) => history.events[other]!.kind === kind);
}

function last(event: number, history: JoinedHistory, kind: 'read' | 'write'): number[] {
  for (const other of earlierOf(event, history)) if (history.events[other]!.kind === kind) return [other];
  return [];
}
