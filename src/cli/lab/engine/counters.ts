/**
 * A version vector as the lab shows it: for each life of a server, the counter up to which its writes are known. Lives
 * of which nothing is known are left out. In the order of the lives.
 */
export type Counters = readonly (readonly [life: number, counter: number])[];

export const NO_COUNTERS: Counters = [];

/** Everything that the one covers is covered by the other. */
export function covers(all: Counters, some: Counters): boolean {
  const of = new Map(all);
  return some.every(([life, counter]) => counter <= (of.get(life) ?? 0));
}

/** The smallest vector that covers both. */
export function union(a: Counters, b: Counters): Counters {
  const of = new Map(a);
  for (const [life, counter] of b) of.set(life, Math.max(counter, of.get(life) ?? 0));
  return [...of].sort(([one], [other]) => one - other);
}

/** The largest counter that it names; 0 for none. */
export function highest(counters: Counters): number {
  return counters.reduce((most, [, counter]) => Math.max(most, counter), 0);
}
