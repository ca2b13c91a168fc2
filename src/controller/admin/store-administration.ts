import type { ErrorCode } from '../../base/error-codes.ts';
import { type Reply, serverError } from '../../protocol/reply.ts';
import type { StoreError } from '../../store/driver.ts';

/** The controller's store, as far as commands are passed on to it. */
export interface CommandedStore {
  command(line: string, done: (error: StoreError | null, answer: string | null) => void): void;
}

export type OnAdminReply = (reply: Reply) => void;

/** Has the store carry out a command of the text protocol, and answers with its reply. */
export function passOn(store: CommandedStore, words: readonly string[], answer: OnAdminReply): void {
  store.command(words.join(' '), (error, line) => {
    if (error === null) answer({ kind: 'line', line: line ?? '' });
    else if (error.code === 'STORE_REFUSED') answer({ kind: 'client_error', reason: error.message });
    else answer(storeError(error));
  });
}

/** The answer to a command that this controller's store did not carry out. */
export function storeError({ code, message }: StoreError): Reply {
  return serverError(ERROR_CODES[code], message);
}

const ERROR_CODES: Readonly<Record<StoreError['code'], ErrorCode>> = {
  STORE_DOWN: 'STORE_DOWN',
  STORE_TIMEOUT: 'STORE_TIMEOUT',
  STORE_TOO_LARGE: 'STORE_FAILED',
  STORE_REFUSED: 'STORE_FAILED',
};
