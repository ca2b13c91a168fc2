/** A write that was answered, or a read with a bound on staleness, of a key that is only ever set. */
export interface AgedEvent {
  readonly kind: 'read' | 'write';
  readonly key: string;
  /** What the write got, or the read showed: larger for a later write of the key. 0 for nothing found. */
  readonly version: bigint;
  /** The bound of the read, in milliseconds. */
  readonly maxAgeMs: number;
  /** In milliseconds of real time. */
  readonly invokedAt: number;
  readonly returnedAt: number;
  /** The run of the controller that answered has ended. */
  readonly hasEnded: boolean;
}

/**
 * A read with a bound of N milliseconds, begun at T, shows every write that was answered before T − N: the token that
 * it shows is at least that of each such write.
 *
 * @param clockError how much faster or slower than real time a clock may run, as a fraction
 * @param excusesEnded writes may be missing that were answered by a run which has ended
 * @returns a read that is too old, in words; null when there is none
 */
export function findStale(
  events: readonly AgedEvent[],
  clockError: number,
  excusesEnded: boolean,
): string | null {
  const writes = events.filter(({ kind }) => kind === 'write');
  for (const { kind, key, version, maxAgeMs, invokedAt } of events) {
    if (kind !== 'read') continue;
    const atMs = invokedAt - maxAgeMs * (1 + clockError);
    const isMissed = (write: AgedEvent) =>
      write.key === key && write.returnedAt < atMs && write.version > version;
    const missed = writes.find((write) => isMissed(write) && !(excusesEnded && write.hasEnded));
    if (missed === undefined) continue;
    const ageMs = (invokedAt - missed.returnedAt).toFixed(1);
    const read = `a read of ${key}, at most ${maxAgeMs} ms old and begun at ${invokedAt.toFixed(1)}`;
    return `${read}, missed a write answered ${ageMs} ms before it`;
  }
  return null;
}
