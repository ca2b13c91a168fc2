import type { ErrorCode } from '../../base/error-codes.ts';
import { type Reply, serverError } from '../../protocol/reply.ts';
import type { StatsGroup, StoreError, StoreStats } from '../../store/driver.ts';
import type { StoreCounters } from '../../store/kv-controller.ts';

/** The controller's store, as far as administration goes. */
export interface StoreAdministration {
  readonly counters: StoreCounters;
  stats(group: StatsGroup, done: (error: StoreError | null, stats: StoreStats | null) => void): void;
  command(line: string, done: (error: StoreError | null, answer: string | null) => void): void;
}

export type Answer = (reply: Reply) => void;

/** Has the store carry out a command of the text protocol, and answers what it answers. */
export function passOn(store: StoreAdministration, words: readonly string[], answer: Answer): void {
  store.command(words.join(' '), (error, line) => {
    if (error === null) answer({ kind: 'line', line: line ?? '' });
    else if (error.code === 'STORE_REFUSED') answer({ kind: 'client_error', reason: error.message });
    else answer(storeError(error));
  });
}

/** What a client is told of a command that its controller's store did not carry out. */
export function storeError({ code, message }: StoreError): Reply {
  return serverError(ERROR_CODES[code], message);
}

const ERROR_CODES: Readonly<Record<StoreError['code'], ErrorCode>> = {
  STORE_DOWN: 'STORE_DOWN',
  STORE_TIMEOUT: 'STORE_TIMEOUT',
  STORE_TOO_LARGE: 'STORE_FAILED',
  STORE_REFUSED: 'STORE_FAILED',
};
