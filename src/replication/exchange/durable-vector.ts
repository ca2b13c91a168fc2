import type { VersionTime } from '../../base/number-kinds.ts';
import type { Journal } from '../../journal/journal.ts';
import type { RecoveredState } from '../../journal/recovered-state.ts';
import { NO_VERSION, sameVersion, type Version } from '../../ordering/version.ts';
import { VersionVector } from '../../ordering/version-vector.ts';

/**
 * The part of the version vector that would survive a crash. Only that is told to peers. They forget a deletion for
 * good once every controller is known to be past it; a controller that fell behind that again would keep the deleted
 * entry.
 */
export class DurableVector {
  readonly #journal: Journal;
  #durable: VersionVector;
  #recorded: readonly VersionTime[];

  /** @param recovered the version vector of an earlier run */
  constructor(journal: Journal, recovered: VersionVector) {
    this.#journal = journal;
    this.#durable = recovered;
    this.#recorded = recovered.times();
  }

  /** The version vector that was last recorded in the journal. */
  get recorded(): readonly number[] {
    return this.#recorded;
  }

  /** The version vector after a crash. */
  get times(): readonly number[] {
    return this.#durable.times();
  }

  /**
   * To be called now and then: has the present version vector made durable, unless the disk has enough to do, or
   * takes nothing.
   *
   * @param known the version vector as of now
   * @param resumePoint the version up to which the state may be continued after a crash
   */
  step(known: VersionVector, resumePoint: Version): void {
    const journal = this.#journal;
    if (!journal.state.writable) return;
    const vector = new VersionVector(known.times());
    if (this.#durable.dominates(vector)) return;
    this.#recorded = vector.times();
    journal.recordWatermarks({ applied: resumePoint, known: this.#recorded });
    journal.whenDurable((error) => {
      if (error === null) this.#durable.merge(vector);
    });
  }
}

/**
 * The version vector that a journal from an earlier run amounts to. At an ordered level everything up to the version
 * that was applied last is known, from every origin.
 */
export function recoveredVector({ watermarks }: RecoveredState, idsEnd: number): VersionVector {
  const vector = VersionVector.zero(idsEnd);
  vector.merge(new VersionVector(watermarks.known));
  if (!sameVersion(watermarks.applied, NO_VERSION)) vector.advanceAllTo(watermarks.applied, idsEnd);
  return vector;
}
