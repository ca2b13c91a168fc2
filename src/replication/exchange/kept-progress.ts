import type { Journal } from '../../journal/journal.ts';
import type { RecoveredState } from '../../journal/recovered-state.ts';
import { NO_VERSION, sameVersion, type Version } from '../../ordering/version.ts';
import { VersionVector } from '../../ordering/version-vector.ts';

export interface KeptProgressPorts {
  readonly journal: Journal;
  /** Up to where a crash would leave a state that the ordered engine can go on from. */
  readonly applied: () => Version;
  /** What is known here of every origin, as of now. */
  readonly known: () => VersionVector;
}

/**
 * How much of what is known here would be known still after a crash. Only that is told to peers: they forget a
 * deleted entry for good once everybody is known to be past it, and a controller that had fallen behind that again
 * would keep the entry.
 */
export class KeptProgress {
  readonly #ports: KeptProgressPorts;
  #kept: VersionVector;
  #marked: readonly number[];

  /** @param recovered what is known from a former life */
  constructor(ports: KeptProgressPorts, recovered: VersionVector) {
    this.#ports = ports;
    this.#kept = recovered;
    this.#marked = recovered.times();
  }

  /** What the last mark said is known. */
  get marked(): readonly number[] {
    return this.#marked;
  }

  /** Would be known after a crash. */
  get times(): readonly number[] {
    return this.#kept.times();
  }

  /** To be called now and then: has what is known by now kept, unless the disk has enough to do, or takes nothing. */
  step(): void {
    const { journal, applied, known } = this.#ports;
    if (!journal.state.writable) return;
    const vector = new VersionVector(known().times());
    if (this.#kept.dominates(vector)) return;
    this.#marked = vector.times();
    journal.mark({ applied: applied(), known: this.#marked });
    journal.whenKept((error) => {
      if (error === null) this.#kept.merge(vector);
    });
  }
}

/** All of what is recovered is known: at an ordered level up to what was applied, whoever wrote it. */
export function recoveredVector({ marks }: RecoveredState, nodes: number): VersionVector {
  const vector = VersionVector.zero(nodes);
  vector.merge(new VersionVector(marks.known));
  if (!sameVersion(marks.applied, NO_VERSION)) vector.settleUpTo(marks.applied);
  return vector;
}
