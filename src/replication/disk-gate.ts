import type { Journal } from '../journal/journal.ts';
import type { Gate } from '../membership/gate.ts';

/** Closed for writes while the journal can't take them; null when it can. */
export function diskGate(journal: Journal): Gate | null {
  const { state } = journal;
  return state.writable ? null : { state: 'closed', reason: `the journal takes no writes: ${state.reason}` };
}
