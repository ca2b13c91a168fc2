import type { Effect } from '../ordering/effect.ts';
import { casOfVersion, compareVersions, type Version } from '../ordering/version.ts';
import type { Place } from './log-entry.ts';

/** A request that is on disk and waits for its place in the order. */
export interface HeldRequest extends Place {
  readonly effect: Effect;
}

/**
 * The held requests by version. Versions are never used twice, so one names one request.
 *
 * One that is taken out is let go of as well: former tables of the map hold its place until a full collection.
 */
export class HeldRequests {
  readonly #requests = new Map<bigint, { held: HeldRequest | undefined }>();

  add(effect: Effect, { file, at }: Place): void {
    this.#requests.set(casOfVersion(effect.version), { held: { effect, file, at } });
  }

  has(version: Version): boolean {
    return this.#requests.size > 0 && this.#requests.has(casOfVersion(version));
  }

  /** @returns the request, which is not held any more */
  take(version: Version): HeldRequest | undefined {
    if (this.#requests.size === 0) return undefined;
    const id = casOfVersion(version);
    const place = this.#requests.get(id);
    if (place === undefined) return undefined;
    this.#requests.delete(id);
    const { held } = place;
    place.held = undefined;
    return held;
  }

  /** Its entry has moved, if it is held still. */
  move(version: Version, place: Place): void {
    const known = this.#requests.get(casOfVersion(version));
    if (known?.held !== undefined) known.held = { effect: known.held.effect, ...place };
  }

  /** In version order. */
  all(): HeldRequest[] {
    const all = Array.from(this.#requests.values(), ({ held }) => held!);
    return all.sort((a, b) => compareVersions(a.effect.version, b.effect.version));
  }
}
