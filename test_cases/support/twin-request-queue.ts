import { type Effect, isOfKey } from '../../src/ordering/effect.ts';
import {
  compareVersions,
  NO_VERSION,
  sameVersion,
  type Version,
  versionTimeOfMs,
} from '../../src/ordering/version.ts';

/**
 * A slow and obvious queue, to compare with the real one: one array, which is sorted after every push, and which every
 * question goes through.
 */
export class TwinRequestQueue {
  #all: Effect[] = [];

  get effects(): readonly Effect[] {
    return this.#all;
  }

  push(effect: Effect): void {
    this.#all = [...this.#all, effect].sort((a, b) => compareVersions(a.version, b.version));
  }

  pop(): Effect | undefined {
    return this.#all.shift();
  }

  newestOn(key: string): Effect | undefined {
    return this.#all.filter((effect) => (isOfKey(effect) && effect.key === key) || isFlush(effect)).at(-1);
  }

  /**
   * The effect that determines the key once all effects have been applied to a key at this version; null if none does.
   */
  predict(key: string, applied: Version): Effect | null {
    let held = applied;
    let last: Effect | null = null;
    for (const effect of this.#all) {
      if (!happens(effect, key, held)) continue;
      held = heldAfter(effect, held, key);
      last = effect;
    }
    return last;
  }
}

/** The version of a key after an effect, given its version before. */
export function heldAfter(effect: Effect, held: Version, key: string): Version {
  if (!happens(effect, key, held)) return held;
  return effect.kind === 'set' || effect.kind === 'join' ? effect.version : NO_VERSION;
}

function happens(effect: Effect, key: string, held: Version): boolean {
  if (effect.kind === 'flush') return true;
  if (effect.kind === 'flush-due') return held.time < versionTimeOfMs(effect.atMs);
  if (effect.kind === 'flush-later' || effect.key !== key) return false;
  return effect.condition === null || sameVersion(effect.condition, held);
}

function isFlush(effect: Effect): boolean {
  return effect.kind === 'flush' || effect.kind === 'flush-due';
}
