import type { VersionTime } from '../../base/number-kinds.ts';
import type { Journal } from '../../journal/journal.ts';
import type { RecoveredState } from '../../journal/recovered-state.ts';
import { NO_VERSION, sameVersion, type Version } from '../../ordering/version.ts';
import { VersionVector } from '../../ordering/version-vector.ts';

/**
 * How much of what is known here would be known still after a crash. Only that is told to peers: they forget a
 * deleted entry for good once everybody is known to be past it, and a controller that had fallen behind that again
 * would keep the entry.
 */
export class DurableVector {
  readonly #journal: Journal;
  #durable: VersionVector;
  #recorded: readonly VersionTime[];

  /** @param recovered what is known from a former life */
  constructor(journal: Journal, recovered: VersionVector) {
    this.#journal = journal;
    this.#durable = recovered;
    this.#recorded = recovered.times();
  }

  /** What the last mark said is known. */
  get recorded(): readonly number[] {
    return this.#recorded;
  }

  /** Would be known after a crash. */
  get times(): readonly number[] {
    return this.#durable.times();
  }

  /**
   * To be called now and then: has what is known by now kept, unless the disk has enough to do, or takes nothing.
   *
   * @param known of every origin, as of now
   * @param resumePoint up to where a crash would leave a state that can be continued
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

/** All of what is recovered is known: at an ordered level up to what was applied, whoever wrote it. */
export function recoveredVector({ watermarks }: RecoveredState, nodes: number): VersionVector {
  const vector = VersionVector.zero(nodes);
  vector.merge(new VersionVector(watermarks.known));
  if (!sameVersion(watermarks.applied, NO_VERSION)) vector.advanceAllTo(watermarks.applied);
  return vector;
}
