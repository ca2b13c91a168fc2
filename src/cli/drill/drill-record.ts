/** One operation of a client of the drill, and what came of it. */
export interface DrillOperation {
  /** The client, from 0 on; those behind the last client read all keys at the end. */
  readonly client: number;
  /** A connection; or several, where a session token carries the session from one to the next. */
  readonly session: number;
  readonly controller: number;
  readonly key: string;
  readonly kind: 'set' | 'get';
  /** What was written or read; null where the read found nothing, and where a read failed. */
  readonly value: string | null;
  /** The version of what was written or read; null where there is none, or it was not told. */
  readonly version: bigint | null;
  /** Milliseconds since the drill began. */
  readonly sentMs: number;
  /** When the answer came, or it became clear that there would be none. */
  readonly endedMs: number;
  /**
   * `unknown`: a write that may have happened, may still happen, or may never happen. `failed`: it did not happen, and
   * never will.
   */
  readonly outcome: 'answered' | 'unknown' | 'failed';
  /** Why it was not answered; empty when it was. */
  readonly reason: string;
}

/** An entry as one controller shows it. */
export interface ShownEntry {
  readonly value: string | null;
  readonly version: bigint | null;
}

/** What one controller shows at the end, by key. */
export type FinalState = ReadonlyMap<string, ShownEntry>;

/** A kill that may have cost writes which only the killed controller had, or only the controllers that were killed. */
export interface LossyKill {
  readonly controller: number;
  readonly atMs: number;
}

/** All that the clients of a drill saw. */
export interface DrillRecord {
  /** In the order in which they were sent. */
  readonly operations: readonly DrillOperation[];
  /** By controller; null where the drill ended before all keys could be read everywhere. */
  readonly finals: readonly FinalState[] | null;
  readonly lossyKills: readonly LossyKill[];
}
