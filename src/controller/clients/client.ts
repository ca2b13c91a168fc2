import type { MonotonicMs } from '../../base/number-kinds.ts';

/** One connection as `stats conns` shows it. */
export interface ConnectionFigures {
  readonly id: number;
  /** Empty when the client has gone. */
  readonly address: string;
  readonly state: 'conn_read' | 'conn_parse_cmd' | 'conn_mwrite';
  readonly idleSeconds: number;
}

/** The connection of one client, whatever protocol it speaks, as the table of all clients knows it. */
export interface ServedClient {
  readonly figures: ConnectionFigures;

  /** Starts requests that were waiting for the scheme. */
  drain(): void;

  /** Continues with reads that had to wait for budget. */
  goOn(): void;

  /** The client has sent nothing since `ms`, and waits for no answer. */
  isIdleSince(ms: MonotonicMs): boolean;

  /** The client has taken none of its replies since `ms`, and holds more than its share of memory. */
  hasStalledSince(ms: MonotonicMs): boolean;

  /** Ends the connection with its next answer. */
  finishWithNextAnswer(): void;

  /** Ends the connection once everything that was asked on it is answered. */
  finish(): void;

  destroy(): void;
}
