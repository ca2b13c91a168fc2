import type { VersionTime } from '../base/number-kinds.ts';
import { TICKS_PER_MS } from './version.ts';

/** A range of version times that are in use, both ends included. */
export interface TimeSpan {
  readonly from: VersionTime;
  readonly to: VersionTime;
}

interface MovedSpan extends TimeSpan {
  /** By how much the span is moved down: whole milliseconds, so that the times of one millisecond stay together. */
  readonly by: number;
}

/** The gap between spans that were moved next to each other, in milliseconds. */
const HOLE_MS = 3;

/**
 * Maps version times that are too far ahead to times that are not, and keeps their order. The map depends only on
 * the spans and on the latest time, so controllers that use the same ones agree on every version.
 *
 *  1. The last span is moved down so that it ends at the latest time. Each span before it is moved so that it ends
 *     before the next.
 *  2. A span that already ends early enough is not moved, and none before it is.
 *  3. All times of a span are moved by the same amount, so different times stay different.
 */
export class TimeMap {
  readonly #spans: readonly MovedSpan[];
  /** The start of the millisecond after the latest time. */
  readonly #end: VersionTime;

  /**
   * @param spans in order, with gaps between them; see `spansOf`
   * @throws RangeError when more times are in use than fit
   */
  constructor(spans: readonly TimeSpan[], latest: VersionTime) {
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

  /** No span has to be moved. */
  get isIdentity(): boolean {
    return this.#spans.every(({ by }) => by === 0);
  }

  /** The new time for a time in use; 0, which is no time, stays 0. @throws RangeError when the time is in no span */
  map(time: VersionTime): VersionTime {
    if (time === 0) return 0;
    const span = this.#spanAfter(time);
    if (span === undefined || span.from > time) throw new RangeError(`version time ${time} is in no span`);
    return time - span.by;
  }

  /**
   * The new bound for a bound that need not be in use: it comes before and after the same times in use as before.
   * It is the start of a millisecond if the old one was, and at most one millisecond later than the latest time. No
   * other time in use is mapped to it.
   */
  mapBound(time: VersionTime): VersionTime {
    const span = this.#spanAfter(time);
    if (span === undefined) return Math.min(time, this.#end);
    if (span.by === 0) return time;
    if (span.from <= time) return time - span.by;
    return Math.min(time, wholeMs(span.from - span.by) - TICKS_PER_MS);
  }

  /** The first span that ends at this time or later. */
  #spanAfter(time: VersionTime): MovedSpan | undefined {
    let [low, high] = [0, this.#spans.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#spans[middle]!.to < time) low = middle + 1;
      else high = middle;
    }
    return this.#spans[low];
  }
}

/** Times that are at most this far apart belong to one span, in milliseconds. */
const NEAR_MS = 60_000;

/** The spans of these times. @param times in any order */
export function spansOf(times: Iterable<VersionTime>): TimeSpan[] {
  const sorted = Float64Array.from(times).sort();
  return joined(Array.from(sorted, (time) => ({ from: time, to: time })));
}

/** Joins several lists of spans into one. */
export function joinSpans(lists: readonly (readonly TimeSpan[])[]): TimeSpan[] {
  return joined(lists.flat().sort((a, b) => a.from - b.from));
}

/** @param spans sorted by their beginning */
function joined(spans: readonly TimeSpan[]): TimeSpan[] {
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
