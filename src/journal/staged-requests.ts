import type { Effect } from '../ordering/effect.ts';
import { casOfVersion, compareVersions, type Version } from '../ordering/version.ts';
import type { LogPosition } from './log-entry.ts';

/** A request in the journal's files that waits for its place in the order. */
export interface StagedRequest extends LogPosition {
  readonly effect: Effect;
}

/**
 * The staged requests by version. No version is used twice, so each names one request.
 *
 * The map holds boxes that are emptied when a request is taken out: the map's former tables stay in memory until a full
 * garbage collection, and must not keep the requests alive.
 */
export class StagedRequests {
  readonly #requests = new Map<bigint, { request: StagedRequest | undefined }>();

  add(effect: Effect, { file, at }: LogPosition): void {
    this.#requests.set(casOfVersion(effect.version), { request: { effect, file, at } });
  }

  has(version: Version): boolean {
    return this.#requests.size > 0 && this.#requests.has(casOfVersion(version));
  }

  /** Takes the request out. */
  take(version: Version): StagedRequest | undefined {
    if (this.#requests.size === 0) return undefined;
    const id = casOfVersion(version);
    const box = this.#requests.get(id);
    if (box === undefined) return undefined;
    this.#requests.delete(id);
    const { request } = box;
    box.request = undefined;
    return request;
  }

  /** Its entry is at another position now. Does nothing when the request was taken out. */
  move(version: Version, { file, at }: LogPosition): void {
    const box = this.#requests.get(casOfVersion(version));
    if (box?.request !== undefined) box.request = { effect: box.request.effect, file, at };
  }

  /** In version order. */
  all(): StagedRequest[] {
    const all = Array.from(this.#requests.values(), ({ request }) => request!);
    return all.sort((a, b) => compareVersions(a.effect.version, b.effect.version));
  }
}
