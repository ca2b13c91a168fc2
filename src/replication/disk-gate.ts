import type { Journal } from '../journal/journal.ts';
import type { Gate } from '../membership/gate.ts';

/** For writes while the journal can't take them: a disk that is merely slow is waited for; null when it can. */
export function diskGate(journal: Journal): Gate | null {
  const { state } = journal;
  if (state.writable) return null;
  const reason = `the journal takes no writes: ${state.reason}`;
  return { state: state.isTemporary ? 'wait' : 'closed', code: 'JOURNAL_NOT_WRITABLE', reason };
}
