import type { Ballot } from './ballot.ts';
import type { Member } from './view.ts';

/** What a controller must not forget of its part in views, whatever becomes of its process. */
export interface ViewRecord {
  /** It takes part in no view below this one any more. */
  readonly promised: Ballot;
  /** The newest view that it has accepted; `NO_BALLOT` for none. */
  readonly accepted: Ballot;
  /** Members of the accepted view. */
  readonly members: readonly Member[];
  /** Every acknowledgement in the accepted view means: on my disk (durability `sync`). */
  readonly sync: boolean;
}

/** Where the record outlives the process. */
export interface ViewLog {
  /** What was saved last; null when nothing is known, which is not the same as "nothing was ever promised". */
  load(): ViewRecord | null;

  /**
   * Saves the record; those saved one after the other take each other's place.
   *
   * @param done called once this record, or a later one, would survive the end of the process and of the
   *   machine; never called when that fails
   */
  save(record: ViewRecord, done: () => void): void;
}

/** For a controller without a data directory: it forgets, and says so by `load`. */
export class MemoryViewLog implements ViewLog {
  load(): null {
    return null;
  }

  save(_record: ViewRecord, done: () => void): void {
    done();
  }
}
