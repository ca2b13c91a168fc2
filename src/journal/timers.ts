/** The timers of the journal. A simulation has others. */
export interface Timers {
  /** @returns a function that cancels the call */
  after(ms: number, run: () => void): () => void;
  /** Calls at the end of this turn of the event loop. @returns a function that cancels the call */
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
