import type { Clock } from '../base/clock.ts';
import { DurationHistogram } from '../base/duration-histogram.ts';
import type { MonotonicMs } from '../base/number-kinds.ts';
import type { View } from './view.ts';

/** How many views this controller has served in, and how long it served in none in between. Figures only. */
export class ViewTimes {
  /** From the end of one view here to the installation of the next. */
  readonly gaps = new DurationHistogram();
  #installed = 0;
  #shown: View | null = null;
  #endedMs: MonotonicMs | null = null;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Views that were installed here in this run. */
  get installed(): number {
    return this.#installed;
  }

  /** To be called whenever the view may have changed. @param view null while this controller serves in none */
  onView(view: View | null): void {
    if (view === this.#shown) return;
    const nowMs = this.#clock.nowMs();
    if (view === null) this.#endedMs = nowMs;
    else {
      this.#installed++;
      if (this.#installed > 1) this.gaps.observe(nowMs - (this.#endedMs ?? nowMs));
      this.#endedMs = null;
    }
    this.#shown = view;
  }
}
