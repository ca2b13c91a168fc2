import type { ControllerId, VersionTime } from '../../../base/number-kinds.ts';
import { HybridClock } from '../../../ordering/hybrid-clock.ts';
import type { Version } from '../../../ordering/version.ts';
import type { TieRule } from './tie-rule.ts';

/** The largest id of a server or client. */
export const ID_MAX = 999_999;

/** How many servers a lab can have in all, each life of an id counted. */
export const LIVES_MAX = 256;

/** How many version times stand for one value of a counter: more than there are ids. */
const RANKS = 1_048_576;

/**
 * A logical clock: a counter that starts at 0. A write takes its present value, the accept time, and then the counter
 * goes up by 1. Time plays no part.
 *
 * The engine orders writes by version time, and then by the number of their origin. Here each life of a server is an
 * origin, so that the number says nothing of the server's id. Therefore the rank of the id is a part of the version
 * time: `(accept time + 1) * RANKS + rank`. The version times of two writes are equal only if two lives of one server
 * have made them, and then the later life wins.
 */
export class LogicalClock extends HybridClock {
  readonly #rank: number;

  constructor(life: ControllerId, id: number, tie: TieRule) {
    super(life, () => 0);
    this.#rank = tie === 'highest' ? id + 1 : ID_MAX + 1 - id;
  }

  get counter(): number {
    return counterOf(this.latest);
  }

  /** The counter is at least this from now on. */
  lift(counter: number): void {
    this.observe(counter * RANKS);
  }

  override stamp(): Version {
    this.observe((this.counter + 1) * RANKS + this.#rank - 1);
    return super.stamp();
  }
}

/** The value that the counter has at least, once this version time is known: 1 above the accept time of the write. */
export function counterOf(time: VersionTime): number {
  return Math.floor(time / RANKS);
}
