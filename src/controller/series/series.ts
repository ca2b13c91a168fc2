import type { Clock } from '../../base/clock.ts';
import { quantileMs } from '../../base/duration-histogram.ts';
import type { MonotonicMs } from '../../base/number-kinds.ts';
import { FIGURE_NAMES, type FigureName, SAMPLED_FIGURES, type SampledFigure } from './figures.ts';
import { SampleRing } from './sample-ring.ts';

/** The figures of the last seconds, as `/v1/series` answers them. */
export interface SeriesReport {
  /** Names this run of the controller: the numbers of samples begin anew with each run. */
  readonly run: string;
  /** The number of the newest sample; -1 before there is one. There is one number a second. */
  readonly last: number;
  /** When the newest sample was taken, by the wall clock of the machine. */
  readonly lastAt: string;
  /** The newest samples of each figure, the newest last; null for a second without one. */
  readonly figures: Readonly<Record<FigureName, readonly (number | null)[]>>;
}

/** Samples that are kept, one a second: ten minutes, in less than 100 kB. */
export const SAMPLES_MAX = 600;

/** How often `onTick` is to be called, in milliseconds. */
export const SAMPLE_MS = 1_000;

export interface SeriesPorts {
  readonly clock: Clock;
  /** What the figure is now: the value of a counter, or a level. */
  readonly read: (figure: FigureName) => number;
  /** How long requests have taken so far, as counts of the buckets of `DurationHistogram`. */
  readonly durations: () => Float64Array;
}

/**
 * Remembers the figures of the last minutes, so that they are there when somebody begins to look. Between two
 * samples it does nothing. Seconds are counted on the monotonic clock: a wall clock that is set moves none of
 * them.
 */
export class Series {
  readonly #ports: SeriesPorts;
  readonly #ring = new SampleRing(FIGURE_NAMES.length, SAMPLES_MAX);
  readonly #run: string;
  readonly #startedMs: MonotonicMs;
  /** What was read for the last sample. */
  readonly #before: number[];
  #durationsBefore: Float64Array;
  readonly #sample: number[];
  #sampledMs: MonotonicMs;

  constructor(ports: SeriesPorts) {
    const { clock, read, durations } = ports;
    this.#ports = ports;
    this.#run = new Date(clock.wallMs()).toISOString();
    this.#startedMs = clock.nowMs();
    this.#before = FIGURE_NAMES.map(read);
    this.#durationsBefore = durations();
    this.#sample = FIGURE_NAMES.map(() => Number.NaN);
    this.#sampledMs = this.#startedMs;
  }

  get bytes(): number {
    return this.#ring.bytes;
  }

  onTick(): void {
    const nowMs = this.#ports.clock.nowMs();
    const second = Math.floor((nowMs - this.#startedMs) / 1000);
    // The timer may be early: then this second has its sample already.
    if (second <= this.#ring.last) return;
    const seconds = Math.max(0.001, (nowMs - this.#sampledMs) / 1000);
    const answered = this.#answeredSince();
    FIGURE_NAMES.forEach((name, place) => {
      this.#sample[place] = rounded(this.#figure(name, place, seconds, answered));
    });
    this.#sampledMs = nowMs;
    this.#ring.add(second, this.#sample);
  }

  /** @param seconds how many of the newest samples are wanted */
  report(seconds: number): SeriesReport {
    const { clock } = this.#ports;
    const lastAtMs = clock.wallMs() - (clock.nowMs() - this.#sampledMs);
    const figures = FIGURE_NAMES.map((name, place) => [name, this.#ring.newest(place, seconds)]);
    return {
      run: this.#run,
      last: this.#ring.last,
      lastAt: new Date(lastAtMs).toISOString(),
      figures: Object.fromEntries(figures) as SeriesReport['figures'],
    };
  }

  /** @param seconds since the last sample. @param answered the durations of the requests answered since then */
  #figure(name: FigureName, place: number, seconds: number, answered: Float64Array): number {
    const figure: SampledFigure = SAMPLED_FIGURES[name];
    if (figure.kind === 'quantile') return quantileMs(answered, figure.share) ?? Number.NaN;
    const now = this.#ports.read(name);
    const before = this.#before[place]!;
    this.#before[place] = now;
    if (figure.kind === 'level') return now;
    // `stats reset` sets counters to 0.
    return (now < before ? now : now - before) / seconds;
  }

  #answeredSince(): Float64Array {
    const before = this.#durationsBefore;
    this.#durationsBefore = this.#ports.durations();
    return this.#durationsBefore.map((count, bucket) => count - before[bucket]!);
  }
}

/** Further digits would only make the answer longer. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
