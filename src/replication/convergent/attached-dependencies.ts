import type { Journal } from '../../journal/journal.ts';
import { type Effect, isOfKey } from '../../ordering/effect.ts';
import { type Stretch, Stretches } from '../../ordering/stretches.ts';
import { sameVersion, type Version } from '../../ordering/version.ts';
import { isOfForeign } from './foreign-dependencies.ts';
import type { Attached } from './messages.ts';

/** Those that are looked at in one step. */
const STEP_MAX = 64;

/**
 * The dependencies that are attached to the newest writes of keys: what the session of the writer had seen elsewhere,
 * and the writer's controller did not show yet. Hardly any write has some. They are dropped once every controller shows
 * what they name.
 */
export class AttachedDependencies {
  readonly #journal: Journal;

  /** Keys that are still to be looked at in this round. */
  #looked: Set<string> | null = null;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get size(): number {
    return this.#journal.attached.size;
  }

  /** Of a write that is about to be recorded. It counts only while the write is the newest of its key. */
  add(effect: Effect, needs: Iterable<Stretch>): void {
    this.#journal.attach({ key: keyOf(effect), version: effect.version, needs: [...needs] });
  }

  /** @param newest version of the key's newest write, where there is one; a flush stands for every key without */
  of(key: string, newest: Version | null): Stretches | null {
    if (this.size === 0) return null;
    const found = this.#journal.attachedTo(newest === null ? ALL_KEYS : key);
    if (found === undefined) return null;
    return newest === null || sameVersion(found.version, newest) ? Stretches.of(found.needs) : null;
  }

  /** Those of all keys, as one set. */
  all(): Stretches {
    const all = new Stretches();
    for (const [key, { needs }] of this.#journal.attached)
      if (!isOfForeign(key)) all.merge(Stretches.of(needs));
    return all;
  }

  /** Of these effects, for a peer. */
  among(effects: readonly Effect[]): Attached[] {
    if (this.size === 0) return [];
    return effects.flatMap((effect) => {
      const found = this.#journal.attachedTo(keyOf(effect));
      if (found === undefined || !sameVersion(found.version, effect.version)) return [];
      return [{ version: effect.version, needs: found.needs }];
    });
  }

  /** To be called now and then. @param isEverywhere whether every controller shows this */
  step(isEverywhere: (needs: Stretches) => boolean): void {
    if (this.#looked === null || this.#looked.size === 0)
      this.#looked = new Set(this.#journal.attached.keys());
    for (const key of this.#looked.values().take(STEP_MAX).toArray()) {
      this.#looked.delete(key);
      const one = this.#journal.attachedTo(key);
      if (one === undefined || isOfForeign(key)) continue;
      const isOver = key !== ALL_KEYS && !this.#isNewest(key, one.version);
      if (isOver || isEverywhere(Stretches.of(one.needs))) this.#journal.detach(key);
    }
  }

  #isNewest(key: string, version: Version): boolean {
    const newest = this.#journal.newest(key);
    return newest !== undefined && sameVersion(newest.version, version);
  }
}

/** No key is empty: this stands for a flush. */
const ALL_KEYS = '';

function keyOf(effect: Effect): string {
  return isOfKey(effect) ? effect.key : ALL_KEYS;
}

/** @returns null for none */
export function attachedTo(effect: Effect, attached: readonly Attached[]): readonly Stretch[] | null {
  const found = attached.find(({ version }) => sameVersion(version, effect.version));
  return found === undefined ? null : found.needs;
}
