import type { VersionTime } from '../base/number-kinds.ts';
import { TICKS_PER_MS } from './version.ts';

/** Version times that are in use, both ends included. */
export interface Span {
  readonly from: VersionTime;
  readonly to: VersionTime;
}

interface Moved extends Span {
  /** How far it is moved down; whole milliseconds, so that the times of one millisecond stay in one. */
  readonly by: number;
}

/** Whole milliseconds without any time, between spans that have been moved next to each other. */
const HOLE_MS = 3;

/**
 * Maps version times that are too far ahead to times that are not, and keeps their order: a time that comes before another
 * one comes before it afterwards. It depends on the spans and the latest time alone, so controllers that use the same ones
 * agree on every version.
 *
 *  1. The last span is moved down so that it ends at the latest time, each before it so that it ends before the next.
 *  2. A span that is where it can stay is not moved, and none before it is.
 *  3. Within a span all times move alike: different ones stay different.
 */
export class TimeMap {
  readonly #spans: readonly Moved[];
  /** The start of the millisecond behind the latest time. */
  readonly #end: VersionTime;

  /**
   * @param spans in order, and apart from each other; see `spansOf`
   * @throws RangeError when there is more in use than fits
   */
  constructor(spans: readonly Span[], latest: VersionTime) {
    this.#end = wholeMs(latest) + TICKS_PER_MS;
    let ceiling = latest;
    const moved = spans.toReversed().map(({ from, to }) => {
      const by = to <= ceiling ? 0 : Math.ceil((to - ceiling) / TICKS_PER_MS) * TICKS_PER_MS;
      ceiling = by === 0 ? to : wholeMs(from - by) - HOLE_MS * TICKS_PER_MS;
      if (ceiling < 0) throw new RangeError('more version times are in use than fit before the latest one');
      return { from, to, by };
    });
    this.#spans = moved.reverse();
  }

  /** Nothing is to be moved. */
  get isIdentity(): boolean {
    return this.#spans.every(({ by }) => by === 0);
  }

  /** Where a time is now that is in use; 0, which is no time, stays. @throws RangeError when it is in no span */
  of(time: VersionTime): VersionTime {
    if (time === 0) return 0;
    const span = this.#spanAfter(time);
    if (span === undefined || span.from > time) throw new RangeError(`version time ${time} is in no span`);
    return time - span.by;
  }

  /**
   * A time that is now before and after the same ones in use as this time was, and the start of a millisecond if this time
   * was; hardly later than the latest. No other time in use becomes this one.
   */
  limit(time: VersionTime): VersionTime {
    const span = this.#spanAfter(time);
    if (span === undefined) return Math.min(time, this.#end);
    if (span.by === 0) return time;
    if (span.from <= time) return time - span.by;
    return Math.min(time, wholeMs(span.from - span.by) - TICKS_PER_MS);
  }

  /** The first span that ends at this time or later. */
  #spanAfter(time: VersionTime): Moved | undefined {
    let [low, high] = [0, this.#spans.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#spans[middle]!.to < time) low = middle + 1;
      else high = middle;
    }
    return this.#spans[low];
  }
}

/** Times that are as near to each other as this are in one span, in milliseconds. */
const NEAR_MS = 60_000;

/** The spans that times are in. @param times in any order */
export function spansOf(times: Iterable<VersionTime>): Span[] {
  const sorted = Float64Array.from(times).sort();
  return joined(Array.from(sorted, (time) => ({ from: time, to: time })));
}

/** One list of spans out of several. */
export function joinSpans(lists: readonly (readonly Span[])[]): Span[] {
  return joined(lists.flat().sort((a, b) => a.from - b.from));
}

/** @param spans by their beginning */
function joined(spans: readonly Span[]): Span[] {
  const all: { from: VersionTime; to: VersionTime }[] = [];
  for (const { from, to } of spans) {
    const last = all.at(-1);
    if (to === 0) continue;
    if (last !== undefined && from - last.to <= NEAR_MS * TICKS_PER_MS) last.to = Math.max(last.to, to);
    else all.push({ from, to });
  }
  return all;
}

function wholeMs(time: VersionTime): number {
  return Math.floor(time / TICKS_PER_MS) * TICKS_PER_MS;
}
