/** A write that was answered, or a read with a bound on staleness, of a key that is only ever set. */
export interface AgedEvent {
  readonly kind: 'read' | 'write';
  readonly key: string;
  /** The token that the write got, or that the read showed: larger for a later write of the key. 0 for nothing found. */
  readonly token: bigint;
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
  for (const read of events) {
    if (read.kind !== 'read') continue;
    const atMs = read.invokedAt - read.maxAgeMs * (1 + clockError);
    const missed = writes.find(
      ({ key, token, returnedAt, hasEnded }) =>
        key === read.key && returnedAt < atMs && token > read.token && !(excusesEnded && hasEnded),
    );
    if (missed === undefined) continue;
    const ageMs = (read.invokedAt - missed.returnedAt).toFixed(1);
    return `a read of ${read.key}, at most ${read.maxAgeMs} ms old, missed a write answered ${ageMs} ms before it`;
  }
  return null;
}
