/**
 * The way to a client for an answer that goes on for long, and whose length nobody knows when it begins: a dump of all
 * keys, a log of requests. It exists in the text protocol alone.
 *
 * The sender keeps to what the client takes: it looks at `untakenBytes` before it sends more.
 */
export interface ClientStream {
  /**
   * `ending`: the client will ask for nothing more, or the controller is about to end; what is sent still arrives.
   * `gone`: nothing reaches the client any more.
   */
  readonly state: 'open' | 'ending' | 'gone';
  /** Bytes for the client that the kernel has not taken. */
  readonly untakenBytes: number;
  /** @param text whole lines in latin-1, with their line ends */
  readonly send: (text: string) => void;
}

/** For requests that are never answered by a stream. */
export const NO_STREAM: ClientStream = { state: 'gone', untakenBytes: 0, send: () => {} };

/** A request that touches no entry, as the code that answers it sees it. */
export interface LocalOperation {
  /** All earlier requests of the client have been answered: parts of the answer may be sent. */
  readonly isNext: boolean;
  /** The answer takes as long as it takes: it has no deadline. */
  openStream(): ClientStream;
}
