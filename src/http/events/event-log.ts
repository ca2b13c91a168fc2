/** Something that has happened on a controller, as its log tells it. */
export interface LoggedEvent {
  /** Of this run, from 1. */
  readonly number: number;
  /** By the wall clock of the machine. */
  readonly at: string;
  readonly severity: 'error' | 'warn' | 'info';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The newest events of one controller. It keeps a bounded number of them: when there are more, the oldest go. */
export interface EventLog {
  /** Names this run of the controller: the numbers of events begin anew with each run. */
  readonly run: string;

  /** The number of the newest event; 0 before there is one. */
  readonly last: number;

  /** The events of the last milliseconds, the oldest first. */
  ofLast(ms: number): LoggedEvent[];

  /** The oldest event that is kept and has a larger number; null when there is none. */
  next(number: number): LoggedEvent | null;

  /** Has the listener called after each new event. @returns a function that ends that */
  listen(listener: () => void): () => void;
}
