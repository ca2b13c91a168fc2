/** When the journal does what it does later: a simulation has a time of its own. */
export interface Timers {
  /** @returns gives it up */
  after(ms: number, run: () => void): () => void;
  /** At the end of this event-loop turn. @returns gives it up */
  soon(run: () => void): () => void;
}

export const NODE_TIMERS: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  soon(run) {
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  },
};
