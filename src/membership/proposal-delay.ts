import type { ControllerId } from '../base/number-kinds.ts';
import type { Random } from '../base/random.ts';
import type { View } from './view.ts';

/** The delay between the proposals of two controllers whose ids follow each other, in milliseconds. */
const PROPOSAL_STAGGER_MS = 25;

/**
 * How long a controller waits before it proposes a view, in milliseconds. Controllers with lower ids propose first; the
 * random part ends duels. Where a member leaves, the first of those that stay proposes at its next tick, since requests
 * may wait for the leaving one. Until then others may have said that they leave as well.
 *
 * @param voters the controllers that may propose. Their ids are not small where others were removed before
 */
export function proposalDelayMs(
  node: ControllerId,
  voters: readonly ControllerId[],
  view: View | null,
  leaving: readonly ControllerId[],
  random: Random,
): number {
  const first = view?.members.find((member) => !leaving.includes(member.node));
  if (leaving.length > 0 && first?.node === node) return 0;
  // mutant: proposes-by-id
  const before = voters.filter((id) => id < node).length;
  return before * PROPOSAL_STAGGER_MS + random() * PROPOSAL_STAGGER_MS;
}
