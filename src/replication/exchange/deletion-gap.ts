import type { VersionTime } from '../../base/number-kinds.ts';
import type { Journal } from '../../journal/journal.ts';
import { VersionVector } from '../../ordering/version-vector.ts';

/** What a controller knows of deletions, as its request says. */
export interface Past {
  /** Its version vector: it knows everything up to there. */
  readonly known: readonly VersionTime[];
  /** It has nothing that was deleted up to there, although it may not know of the deletions. */
  readonly forgotten: readonly VersionTime[];
  /** It has no records at all. */
  readonly empty: boolean;
}

export function deletionKnowledgeOf(journal: Journal, known: VersionVector): Past {
  return { known: known.times(), forgotten: journal.forgotten.times(), empty: journal.records === 0 };
}

/**
 * A controller has a deletion gap if other controllers have forgotten deletions that it does not know of. It may have
 * what they deleted, and its own records do not tell which entries that are. So it has to start empty.
 */
export function hasDeletionGap({ known, forgotten, empty }: Past, forgottenByOthers: VersionVector): boolean {
  if (empty) return false;
  const past = new VersionVector(known);
  past.merge(new VersionVector(forgotten));
  return !past.dominates(forgottenByOthers);
}
