/**
 * Figures of the last seconds: a fixed number of them, one sample a second, in memory that never grows. A
 * timer that is a little late skips a second now and then; the sample after it stands for both. Longer pauses
 * have no figures, as when the process was stopped.
 */
export class SampleRing {
  readonly #columns: readonly Float64Array[];
  readonly #seconds: number;
  /** The number of the newest sample: the seconds since the first; -1 before there is one. */
  #last = -1;

  /**
   * @param figures how many figures a sample has
   * @param seconds how many samples are kept
   */
  constructor(figures: number, seconds: number) {
    this.#seconds = seconds;
    this.#columns = Array.from({ length: figures }, () => new Float64Array(seconds).fill(Number.NaN));
  }

  get last(): number {
    return this.#last;
  }

  /** The memory of all samples. */
  get bytes(): number {
    return this.#columns.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /**
   * Takes the sample of a second. One that is not newer than the last is left out.
   *
   * @param second its number
   * @param sample one number a figure; NaN for none
   */
  add(second: number, sample: readonly number[]): void {
    if (second <= this.#last) return;
    const missed = second - this.#last - 1;
    const standsFor = missed === 1 ? sample : null;
    for (let back = Math.min(missed, this.#seconds); back > 0; back--) this.#put(second - back, standsFor);
    this.#put(second, sample);
    this.#last = second;
  }

  /**
   * The newest samples of a figure, the newest last.
   *
   * @param count most samples; fewer come where there are fewer
   */
  newest(figure: number, count: number): (number | null)[] {
    const length = Math.min(count, this.#seconds, this.#last + 1);
    const column = this.#columns[figure]!;
    return Array.from({ length }, (_, index) => {
      const value = column[(this.#last - length + 1 + index) % this.#seconds]!;
      return Number.isNaN(value) ? null : value;
    });
  }

  #put(second: number, sample: readonly number[] | null): void {
    for (let figure = 0; figure < this.#columns.length; figure++)
      this.#columns[figure]![second % this.#seconds] = sample === null ? Number.NaN : sample[figure]!;
  }
}
