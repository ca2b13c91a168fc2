import type { VersionTime } from '../../base/number-kinds.ts';
import type { Journal } from '../../journal/journal.ts';
import { VersionVector } from '../../ordering/version-vector.ts';

/** What a controller says of the deletions that it knows of. */
export interface Past {
  /** Everything up to there. */
  readonly known: readonly VersionTime[];
  /** What these ended it does not have, although it may not know of them. */
  readonly forgotten: readonly VersionTime[];
  /** It has nothing at all. */
  readonly empty: boolean;
}

export function deletionKnowledgeOf(journal: Journal, known: VersionVector): Past {
  return { known: known.times(), forgotten: journal.forgotten.times(), empty: journal.records === 0 };
}

/**
 * A controller has lapsed when others have forgotten deletions that it does not know of: it may have what they deleted,
 * and nobody could tell that from what it wrote alone. It has to start anew.
 */
export function hasDeletionGap({ known, forgotten, empty }: Past, forgottenByOthers: VersionVector): boolean {
  if (empty) return false;
  const past = new VersionVector(known);
  past.merge(new VersionVector(forgotten));
  return !past.dominates(forgottenByOthers);
}
