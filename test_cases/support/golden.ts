import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The directory with the recorded bytes of each release. */
const GOLDEN = new URL('../golden/', import.meta.url);

export function goldenPath(release: string, name: string): string {
  return fileURLToPath(new URL(`${release}/${name}`, GOLDEN));
}

/** The recorded bytes, by name. */
export function goldenBytes(release: string, name: string): ReadonlyMap<string, Buffer> {
  const recorded = JSON.parse(readFileSync(goldenPath(release, name), 'utf8')) as Record<string, string>;
  return new Map(Object.entries(recorded).map(([key, hex]) => [key, Buffer.from(hex, 'hex')]));
}

/** The bytes of all releases: what a later release has added stands behind what it has taken over. */
export function goldenBytesOf(releases: readonly string[], name: string): ReadonlyMap<string, Buffer> {
  return new Map(releases.flatMap((release) => [...goldenBytes(release, name)]));
}

/** The samples of a table of kinds, under the names of their recorded bytes: `heartbeat typical`. */
export function namedSamples<Sample>(
  kinds: Readonly<Record<string, Readonly<Record<string, Sample>>>>,
): ReadonlyMap<string, Sample> {
  return new Map(
    Object.entries(kinds).flatMap(([kind, samples]) =>
      Object.entries(samples).map(([name, sample]) => [`${kind} ${name}`, sample] as const),
    ),
  );
}
