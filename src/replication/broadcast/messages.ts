import type { SequenceNumber } from '../../base/number-kinds.ts';
import type { Ballot } from '../../membership/ballot.ts';
import type { Effect } from '../../ordering/effect.ts';

/**
 * What a member sends to all members: new requests of its own stream, and how far it has received the stream of each
 * origin.
 *
 * An acknowledgement may be used only after everything that its sender sent before it.
 */
export interface OrderedFrame {
  readonly type: 'ordered';
  readonly ballot: Ballot;
  /** The place in the sender's stream of the first of `effects`. */
  readonly firstSeq: SequenceNumber;
  readonly effects: readonly Effect[];
  /** Where the sender's stream ended when this frame was built. */
  readonly streamEnd: SequenceNumber;
  /** Per origin, how far the sender has received its stream. */
  readonly received: readonly SequenceNumber[];
}
