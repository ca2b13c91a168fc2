import { type Effect, isOfKey } from '../../src/ordering/effect.ts';
import {
  compareVersions,
  NO_VERSION,
  sameVersion,
  type Version,
  versionTimeOfMs,
} from '../../src/ordering/version.ts';

/**
 * The hold-back queue once more, to compare with: one array, sorted after every push, and every question
 * answered by going through all of it.
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

  /** The effect that decides the key once all have been applied to a key at this version; null: none. */
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

/** The version that a key has after an effect, when it had this one before. */
export function heldAfter(effect: Effect, held: Version, key: string): Version {
  if (!happens(effect, key, held)) return held;
  return effect.kind === 'set' ? effect.version : NO_VERSION;
}

function happens(effect: Effect, key: string, held: Version): boolean {
  if (effect.kind === 'flush') return true;
  if (effect.kind === 'flush-due') return held.time < versionTimeOfMs(effect.atMs);
  if (effect.kind === 'flush-later' || effect.key !== key) return false;
  return effect.base === null || sameVersion(effect.base, held);
}

function isFlush(effect: Effect): boolean {
  return effect.kind === 'flush' || effect.kind === 'flush-due';
}
