import type { VersionTime } from '../base/number-kinds.ts';
import type { Effect } from '../ordering/effect.ts';
import { NO_VERSION } from '../ordering/version.ts';
import type { Marks } from './journal.ts';

/** What a controller knows of its former life, beside the records in its journal. */
export interface RecoveredState {
  readonly marks: Marks;
  /** Received, and neither applied nor released, in version order. */
  readonly held: readonly Effect[];
  /** The largest version time that was ever recorded: a clock has to go on from there. */
  readonly newestTime: VersionTime;
  /** Names the journal, at random; empty when there is none. */
  readonly identity: string;
  /** The journal's position when it was opened. */
  readonly position: string | null;
}

export const NOTHING_RECOVERED: RecoveredState = Object.freeze({
  marks: { applied: NO_VERSION, known: [] },
  held: [],
  newestTime: 0,
  identity: '',
  position: null,
});
