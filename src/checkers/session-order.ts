/** A version of a key that a client was shown, by a read or as its own write. */
export interface Seen {
  readonly client: number;
  readonly key: string;
  /** Larger for every later write of the key. */
  readonly version: bigint;
  readonly invokedAt: number;
  readonly returnedAt: number;
}

/**
 * The versions of a key that one connection is shown never go back: neither behind what it has read (monotonic reads)
 * nor behind what it has written (read your writes). This holds at every level.
 *
 * @returns a step back, in words; null when there is none
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
