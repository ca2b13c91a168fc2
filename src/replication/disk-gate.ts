import type { Journal } from '../journal/journal.ts';
import type { Gate } from '../membership/gate.ts';

/**
 * The gate for writes while the journal takes none; null when it takes writes. A disk that is merely slow is waited
 * for.
 */
export function diskGate(journal: Journal): Gate | null {
  const { state } = journal;
  if (state.writable) return null;
  const reason = `the journal takes no writes: ${state.reason}`;
  return { state: state.isTemporary ? 'wait' : 'closed', code: 'JOURNAL_NOT_WRITABLE', reason };
}

/** Why the journal takes no writes, nor will in a moment; empty when it does. */
export function journalTroubleOf({ state }: Pick<Journal, 'state'>): string {
  return state.writable || state.isTemporary ? '' : state.reason;
}
