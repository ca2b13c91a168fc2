import type { ControllerId, VersionTime } from '../base/number-kinds.ts';

/** The writes of one origin with a version time above `from`, up to and including `to`. */
export interface Stretch {
  readonly origin: ControllerId;
  readonly from: VersionTime;
  readonly to: VersionTime;
}

/**
 * Sets of writes, as stretches of version time of each origin: what is known somewhere, or what something depends on.
 *
 * A version vector says of each origin "everything up to this time". That is not enough where a controller has lost
 * what it knew of its own earlier runs: then everything of its new run is known, and what came before is not. Therefore
 * an origin may have several stretches. They do not overlap, and are in order.
 */
export class Stretches {
  readonly #byOrigin: Stretch[][] = [];

  static of(stretches: Iterable<Stretch>): Stretches {
    const set = new Stretches();
    for (const { origin, from, to } of stretches) set.add(origin, from, to);
    return set;
  }

  get isEmpty(): boolean {
    return this.#byOrigin.every((list) => list.length === 0);
  }

  /** The largest version time in it; 0 when it is empty. */
  get newestTime(): VersionTime {
    let newest = 0;
    for (const { to } of this) newest = Math.max(newest, to);
    return newest;
  }

  /** In order of origins, and of times. */
  *[Symbol.iterator](): Generator<Stretch> {
    for (const list of this.#byOrigin) yield* list ?? [];
  }

  /** Stretches that overlap or touch become one. */
  add(origin: ControllerId, from: VersionTime, to: VersionTime): void {
    if (to <= from) return;
    for (let i = this.#byOrigin.length; i <= origin; i++) this.#byOrigin.push([]);
    const list = this.#byOrigin[origin]!;
    const first = list.findIndex((one) => one.to >= from);
    const start = first === -1 ? list.length : first;
    let end = start;
    let joined = { origin, from, to };
    for (; end < list.length && list[end]!.from <= to; end++) {
      const one = list[end]!;
      joined = { origin, from: Math.min(joined.from, one.from), to: Math.max(joined.to, one.to) };
    }
    list.splice(start, end - start, joined);
  }

  merge(other: Stretches): void {
    for (const { origin, from, to } of other) this.add(origin, from, to);
  }

  /** The stretch that has this time in it; null when there is none. */
  at(origin: ControllerId, time: VersionTime): Stretch | null {
    for (const one of this.of(origin)) if (one.from < time && time <= one.to) return one;
    return null;
  }

  of(origin: ControllerId): readonly Stretch[] {
    return this.#byOrigin[origin] ?? [];
  }

  has({ origin, from, to }: Stretch): boolean {
    return this.of(origin).some((one) => one.from <= from && to <= one.to);
  }

  dominates(other: Stretches): boolean {
    for (const one of other) if (!this.has(one)) return false;
    return true;
  }

  /** Forgets the oldest stretches of each origin beyond so many: then it says less than it could. */
  forgetOldest(most: number): void {
    for (const list of this.#byOrigin) list.splice(0, Math.max(0, list.length - most));
  }

  /** Joins the newest stretches of each origin, so that so many are left: then it says more than it had to. */
  joinNewest(most: number): void {
    for (const list of this.#byOrigin) {
      if (list.length <= most) continue;
      const { origin, from } = list[most - 1]!;
      list.splice(most - 1, list.length, { origin, from, to: list.at(-1)!.to });
    }
  }

  copy(): Stretches {
    return Stretches.of(this);
  }

  remove(origin: ControllerId, upTo: VersionTime): void {
    const list = this.#byOrigin[origin];
    if (list !== undefined) this.#byOrigin[origin] = list.filter(({ to }) => to > upTo);
  }
}
