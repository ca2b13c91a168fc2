/** A version of a key that a client was shown, by a read or as its own write. */
export interface Seen {
  readonly client: number;
  readonly key: string;
  /** Grows with every write of the key. */
  readonly version: bigint;
  readonly invokedAt: number;
  readonly returnedAt: number;
}

/**
 * What one connection is shown of a key never goes back: not behind what it has read, nor behind what it has
 * written (monotonic reads, read your writes). Holds at every level, on one connection.
 *
 * @returns what went back, in words; null when nothing did
 */
export function findRegression(seen: readonly Seen[]): string | null {
  const ofKey = new Map<string, Seen[]>();
  for (const one of seen) {
    const name = `${one.client} ${one.key}`;
    ofKey.set(name, [...(ofKey.get(name) ?? []), one]);
  }
  for (const all of ofKey.values()) {
    for (const later of all) {
      const newer = all.find((one) => one.returnedAt < later.invokedAt && one.version > later.version);
      if (newer === undefined) continue;
      return `client ${later.client} saw version ${newer.version} of ${later.key}, and then ${later.version}`;
    }
  }
  return null;
}
