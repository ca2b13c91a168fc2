import type { RecoveredState } from '../../journal/recovered-state.ts';
import { NO_VERSION, sameVersion } from '../../ordering/version.ts';
import type { Replica } from '../replica.ts';

interface FoundStatePorts {
  readonly recovered: RecoveredState;
  readonly replica: Pick<Replica, 'journal'>;
  readonly hasEntries: boolean;
}

/**
 * What this run has found in its journal, as far as views depend on it.
 *
 * A journal whose state is ordered up to some version has a state that members had. If the state is not ordered, a
 * transfer had brought a part of it, or the journal is empty. An empty journal has two causes: the members had applied
 * nothing yet, or the journal with their state was damaged, removed or set aside, and this one was made in its place.
 * Only the names of the journals tell the two causes apart.
 */
export class FoundState {
  /** The name of the journal; empty when none is on disk. */
  readonly journal: string;
  readonly #isOrdered: boolean;
  readonly #hasEntries: boolean;
  readonly #hadContent: boolean;

  constructor(ports: FoundStatePorts) {
    const { recovered, hasEntries } = ports;
    this.journal = recovered.journalName;
    this.#isOrdered = !sameVersion(recovered.watermarks.applied, NO_VERSION);
    this.#hasEntries = hasEntries;
    this.#hadContent = hasContent(ports);
  }

  /**
   * Whether the state that an earlier run had in the accepted view is not in this journal.
   *
   * @param journal the name of the journal that had that state, as the view record has it
   */
  lacksStateOf(journal: string | null): boolean {
    if (!this.#hasEntries || this.#isOrdered) return false;
    // mutant: counts-on-another-journal
    const isOther = journal === null || journal === '' || journal !== this.journal;
    return isOther || this.#hadContent;
  }
}

/** A journal to which nothing was ever brought has no record, and knows of no write from anywhere. */
function hasContent({ replica, recovered }: FoundStatePorts): boolean {
  // mutant: empty-is-lost
  return replica.journal.records > 0 || recovered.watermarks.known.some((time) => time > 0);
}
