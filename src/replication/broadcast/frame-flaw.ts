import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';
import { compareVersions, NO_VERSION, type Version } from '../../ordering/version.ts';
import type { OrderedFrame } from './messages.ts';

/** Where an ordered engine stands, as far as a frame can contradict it. */
interface ReceiverState {
  readonly node: ControllerId;
  /** How many requests of its own it has sent in this view. */
  readonly sent: SequenceNumber;
  /** What it has applied: a member that acknowledged that stamps nothing smaller. */
  readonly applied: Version;
  /** The last request of the frame's sender that waits here; null for none. */
  readonly last: Version | null;
}

/**
 * What a frame says that no member would: it would apply requests out of order, or before they are everywhere.
 *
 * @param known how far its sender's stream was received before
 */
export function frameFlaw(
  { firstSeq, effects, received }: OrderedFrame,
  known: SequenceNumber,
  { node, sent, applied, last }: ReceiverState,
): string | null {
  if ((received[node] ?? 0) > sent) return 'it acknowledges requests that were never sent';
  const next = effects[known + 1 - firstSeq]?.version;
  if (next === undefined) return null;
  const isLate = compareVersions(next, applied) <= 0 || compareVersions(next, last ?? NO_VERSION) <= 0;
  return isLate ? 'it sends a request after later ones' : null;
}
