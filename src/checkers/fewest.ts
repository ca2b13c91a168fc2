/** What a history is shrunk by. */
export interface Shrinking<T> {
  /** Whether these alone are wrong already. What contains something wrong is wrong as well. */
  readonly isWrong: (part: readonly T[]) => boolean;
  /** Leaves out what means nothing any more: the reads of values whose write has been left out. */
  readonly withoutOrphans: (part: readonly T[]) => readonly T[];
  /** Parts that are tried to be left out as a whole first, by their names: such as all of a key. */
  readonly groupings: readonly ((item: T) => string | number)[];
  /** After so many tries, the smallest part so far is the result. */
  readonly triesMax: number;
}

/** A part of a history that is wrong by itself. */
export interface Fewest<T> {
  readonly part: readonly T[];
  /** None of them can be left out. False when the tries did not suffice to find that out. */
  readonly isMinimal: boolean;
}

/**
 * Shrinks what is wrong to the few items that show it: the shortest beginning, then without whole groups, then without
 * single items (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002).
 *
 * @param all in the order of time, and wrong
 */
export function fewest<T>(all: readonly T[], shrinking: Shrinking<T>): Fewest<T> {
  const shrinker = new Shrinker(all, shrinking);
  shrinker.shorten();
  for (const grouping of shrinking.groupings) shrinker.leaveOutBy(grouping);
  const isMinimal = shrinker.leaveOutSingly();
  return { part: shrinker.best, isMinimal };
}

interface ReadOrWrite {
  readonly key: string;
  readonly value: string | null;
}

/**
 * @param whole the history that is shrunk
 * @returns leaves out of a part of it the reads whose value is written in the whole, and not in the part
 */
export function orphansIn<T extends ReadOrWrite>(
  whole: readonly T[],
  isRead: (item: T) => boolean,
): (part: readonly T[]) => readonly T[] {
  const writtenIn = (items: readonly T[]): Set<string> =>
    new Set(items.filter((item) => !isRead(item)).map(({ key, value }) => `${key}=${value}`));
  const all = writtenIn(whole);
  return (part) => {
    const left = writtenIn(part);
    return part.filter((item) => {
      const name = `${item.key}=${item.value}`;
      return !isRead(item) || left.has(name) || !all.has(name);
    });
  };
}

class Shrinker<T> {
  readonly #shrinking: Shrinking<T>;
  #triesLeft: number;
  best: readonly T[];

  constructor(all: readonly T[], shrinking: Shrinking<T>) {
    this.best = all;
    this.#shrinking = shrinking;
    this.#triesLeft = shrinking.triesMax;
  }

  /** Finds the shortest beginning that is wrong: whatever contains it is wrong, too. */
  shorten(): void {
    const all = this.best;
    let right = 0;
    let wrong = all.length;
    while (wrong - right > 1) {
      const middle = (right + wrong) >> 1;
      if (this.#try(all.slice(0, middle))) wrong = middle;
      else right = middle;
    }
  }

  leaveOutBy(grouping: (item: T) => string | number): void {
    const names = [...new Set(this.best.map(grouping))];
    this.#leaveOut(names, (kept) => {
      const isKept = new Set(kept);
      return this.best.filter((item) => isKept.has(grouping(item)));
    });
  }

  /** @returns whether it was found out that no item can be left out */
  leaveOutSingly(): boolean {
    for (let before = -1; before !== this.best.length; ) {
      before = this.best.length;
      this.#leaveOut([...this.best], (kept) => {
        const isKept = new Set(kept);
        return this.best.filter((item) => isKept.has(item));
      });
      if (this.#triesLeft === 0) return false;
    }
    return true;
  }

  /** Tries to do without stretches of these, the last ones first, from a half of all down to single ones. */
  #leaveOut<U>(units: readonly U[], keeping: (kept: readonly U[]) => readonly T[]): void {
    let left = units;
    for (let stretch = Math.ceil(units.length / 2); stretch >= 1; stretch = Math.floor(stretch / 2)) {
      for (let end = left.length; end > 0; end -= stretch) {
        const kept = [...left.slice(0, Math.max(0, end - stretch)), ...left.slice(end)];
        if (this.#try(keeping(kept))) left = kept;
      }
    }
  }

  /** Keeps the candidate when it is wrong as well. */
  #try(candidate: readonly T[]): boolean {
    if (this.#triesLeft === 0) return false;
    const part = this.#shrinking.withoutOrphans(candidate);
    if (part.length === 0 || part.length === this.best.length) return false;
    this.#triesLeft--;
    const isWrong = this.#shrinking.isWrong(part);
    if (isWrong) this.best = part;
    return isWrong;
  }
}
