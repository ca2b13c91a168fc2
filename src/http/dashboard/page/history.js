/**
 * The samples of all controllers over the last minutes, one a second, on one axis of time. Each controller numbers the
 * samples of a run; the numbers, and not its clock, tell which are new. A clock only places the whole run on the axis.
 */

/** How far back the page remembers, in seconds. */
export const SECONDS_KEPT = 600;

/** A run is placed anew when its clock has moved by more than this against its numbers, in seconds. */
const DRIFT_SECONDS_MAX = 2;

/**
 * @typedef {object} Samples what `/v1/series` answers for one controller
 * @property {string} run
 * @property {number} last the number of the last sample
 * @property {string} lastAt when it was taken
 * @property {Record<string, (number | null)[]>} figures one number a sample, the last one last
 */

export class History {
  /** @type {Map<number, Run>} */
  #runs = new Map();

  /**
   * @param {number} id of the controller
   * @param {Samples} samples
   */
  add(id, samples) {
    let run = this.#runs.get(id);
    if (run === undefined || run.name !== samples.run) {
      run = new Run(samples.run, run);
      this.#runs.set(id, run);
    }
    run.add(samples);
  }

  /** The last second for which there is any sample, in seconds since 1970; null when there is none. */
  get end() {
    const ends = [...this.#runs.values()].map(({ end }) => end);
    return ends.length === 0 ? null : Math.max(...ends);
  }

  /**
   * The figure of a controller for each second of the axis; null where there is none.
   *
   * @param {number} id
   * @param {string} figure
   * @param {number} from seconds since 1970
   * @param {number} seconds
   * @returns {(number | null)[]}
   */
  column(id, figure, from, seconds) {
    const run = this.#runs.get(id);
    return Array.from({ length: seconds }, (_, index) => run?.at(from + index, figure) ?? null);
  }

  /**
   * The newest figure of a controller, if it is of the last seconds.
   *
   * @param {number} id
   * @param {string} figure
   */
  newest(id, figure) {
    const end = this.end;
    if (end === null) return null;
    const last = this.column(id, figure, end - 3, 4).filter((value) => value !== null);
    return last.at(-1) ?? null;
  }
}

/** The samples of one run, and those of the runs before it, by second. */
class Run {
  name;
  end = 0;
  /** @type {Map<number, Record<string, number | null>>} */
  #bySecond;
  /** The second of sample 0. */
  #origin = Number.NaN;

  /**
   * @param {string} name
   * @param {Run | undefined} before
   */
  constructor(name, before) {
    this.name = name;
    this.#bySecond = before === undefined ? new Map() : before.#bySecond;
  }

  /** @param {Samples} samples */
  add({ last, lastAt, figures }) {
    const origin = Math.round(Date.parse(lastAt) / 1000) - last;
    if (!(Math.abs(origin - this.#origin) <= DRIFT_SECONDS_MAX)) this.#origin = origin;
    const names = Object.keys(figures);
    const length = figures[names[0] ?? '']?.length ?? 0;
    this.end = this.#origin + last;
    for (let index = 0; index < length; index++) {
      const second = this.end - (length - 1 - index);
      this.#bySecond.set(
        second,
        Object.fromEntries(names.map((name) => [name, figures[name]?.[index] ?? null])),
      );
    }
    for (const second of this.#bySecond.keys()) {
      if (second > this.end - SECONDS_KEPT && second <= this.end) continue;
      this.#bySecond.delete(second);
    }
  }

  /**
   * @param {number} second
   * @param {string} figure
   */
  at(second, figure) {
    return this.#bySecond.get(second)?.[figure] ?? null;
  }
}
