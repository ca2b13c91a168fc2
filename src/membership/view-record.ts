import type { Placement } from '../placement/agreed-placement.ts';
import type { Configuration } from '../placement/configuration.ts';
import type { Ballot } from './ballot.ts';
import type { Member } from './view.ts';

/** What a controller must remember of its part in views, across crashes of its process and its machine. */
export interface ViewRecord {
  /** The controller takes part in no view below this one any more. */
  readonly promised: Ballot;
  /** The newest view that the controller has accepted; `NO_BALLOT` for none. */
  readonly accepted: Ballot;
  /** Members of the accepted view. */
  readonly members: readonly Member[];
  /** Every acknowledgement in the accepted view means: on my disk (durability `sync`). */
  readonly sync: boolean;
  /**
   * The name of the journal that had the state of the accepted view. Empty: none had it. Null: the record is from a
   * release that did not note it.
   */
  readonly journal: string | null;
  /** The placement of the accepted view. */
  readonly placement: Placement | null;
  /** The placement of the last view that is known to have been installed here. */
  readonly installed: Placement | null;
  /** The configuration of the accepted view. */
  readonly configuration: Configuration | null;
  /** The configuration of the last view that is known to have been installed here. */
  readonly installedConfiguration: Configuration | null;
}

/** Where the record is kept. */
export interface ViewLog {
  /**
   * The record that was saved last; null when nothing is known, which does not mean that nothing was ever promised.
   */
  load(): ViewRecord | null;

  /**
   * Saves the record, in place of the one before.
   *
   * @param done called once this record, or a later one, would survive the end of the process and of the machine;
   * never called if saving fails
   */
  save(record: ViewRecord, done: () => void): void;
}

/** The log of a controller without a data directory: it remembers nothing, and `load` says so. */
export class MemoryViewLog implements ViewLog {
  load(): null {
    return null;
  }

  save(_record: ViewRecord, done: () => void): void {
    done();
  }
}
