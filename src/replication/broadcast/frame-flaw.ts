import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';
import { compareVersions, NO_VERSION, type Version } from '../../ordering/version.ts';
import type { OrderedFrame } from './messages.ts';

/** The state of the receiver, as far as a frame can contradict it. */
interface ReceiverState {
  readonly node: ControllerId;
  /** How many requests the receiver has sent in this view. */
  readonly sent: SequenceNumber;
  /** The version up to which the receiver has applied. A member that has acknowledged that stamps nothing smaller. */
  readonly applied: Version;
  /** The last request of the frame's sender in the receiver's queue; null for none. */
  readonly last: Version | null;
}

/**
 * Finds what no member would say in a frame: it would have requests applied out of order, or before every member has
 * them.
 *
 * @param known how far the sender's stream was received before
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
