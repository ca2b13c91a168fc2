import type { VersionTime } from '../base/number-kinds.ts';
import type { Effect } from '../ordering/effect.ts';
import type { Stretch } from '../ordering/stretches.ts';
import { NO_VERSION } from '../ordering/version.ts';
import type { Watermarks } from './journal.ts';

/** What a controller knows of its earlier runs, beside the records in its journal. */
export interface RecoveredState {
  readonly watermarks: Watermarks;
  /** The requests that were staged, and neither applied nor discarded, in version order. */
  readonly staged: readonly Effect[];
  /** See `Journal.recordIncomplete`. */
  readonly incomplete: readonly Stretch[];
  /** The largest version time that was ever recorded. A clock has to continue from there. */
  readonly newestTime: VersionTime;
  /** A random name of the journal; empty when there is none. */
  readonly journalName: string;
  /** The value of `Journal.lastCommit` when the journal was opened. */
  readonly lastCommit: string | null;
}

export const NOTHING_RECOVERED: RecoveredState = Object.freeze({
  watermarks: { applied: NO_VERSION, known: [] },
  staged: [],
  incomplete: [],
  newestTime: 0,
  journalName: '',
  lastCommit: null,
});
