import type { Effect } from '../ordering/effect.ts';
import { casOfVersion, compareVersions, type Version } from '../ordering/version.ts';
import type { Place } from './log-entry.ts';

/** A request that is on disk and waits for its place in the order. */
export interface HeldRequest extends Place {
  readonly effect: Effect;
}

/** The held requests by version. Versions are never used twice, so one names one request. */
export class HeldRequests {
  readonly #requests = new Map<bigint, HeldRequest>();

  add(effect: Effect, { file, at }: Place): void {
    this.#requests.set(casOfVersion(effect.version), { effect, file, at });
  }

  has(version: Version): boolean {
    return this.#requests.size > 0 && this.#requests.has(casOfVersion(version));
  }

  /** @returns the request, which is not held any more */
  take(version: Version): HeldRequest | undefined {
    if (this.#requests.size === 0) return undefined;
    const id = casOfVersion(version);
    const request = this.#requests.get(id);
    if (request !== undefined) this.#requests.delete(id);
    return request;
  }

  /** Its entry has moved, if it is held still. */
  move(version: Version, place: Place): void {
    const id = casOfVersion(version);
    const request = this.#requests.get(id);
    if (request !== undefined) this.#requests.set(id, { effect: request.effect, ...place });
  }

  /** In version order. */
  all(): HeldRequest[] {
    return [...this.#requests.values()].sort((a, b) => compareVersions(a.effect.version, b.effect.version));
  }
}
