import type { Reply } from '../../protocol/reply.ts';
import { MGDUMP_REFUSAL, metadumpRefusal, watchRefusal } from './refusals.ts';
import { type CommandedStore, type OnAdminReply, passOn } from './store-administration.ts';

/**
 * Answers memcached's administrative commands. A command that tunes the local memcached is passed on to it
 * word for word and is not replicated, because each store manages its own memory. A command that streams its
 * answer is refused.
 */
export class AdminReplies {
  readonly #store: CommandedStore;
  readonly #askShutdown: (() => void) | null;

  /**
   * @param askShutdown ends this controller once this turn's answers have left; null where clients may not do
   *   that
   */
  constructor(store: CommandedStore, askShutdown: (() => void) | null) {
    this.#store = store;
    this.#askShutdown = askShutdown;
  }

  /** @param words the whole line */
  reply(words: readonly string[], answer: OnAdminReply): void {
    const [command = '', mode = ''] = words;
    if (command === 'shutdown') return answer(this.#shutdown(mode));
    const refusal = refusalOf(words);
    if (refusal !== null) return answer(refusal);
    passOn(this.#store, words, answer);
  }

  /** As with memcached's `-A`, the only answer is the end of the connection. */
  #shutdown(mode: string): Reply {
    if (this.#askShutdown === null) return { kind: 'line', line: 'ERROR: shutdown not enabled' };
    if (mode !== '' && mode !== 'graceful') return { kind: 'client_error', reason: 'invalid shutdown mode' };
    this.#askShutdown();
    return { kind: 'line', line: '' };
  }
}

function refusalOf([command, mode, ...rest]: readonly string[]): Reply | null {
  if (command === 'refresh_certs') return { kind: 'line', line: 'Error TLS not enabled' };
  if (command === 'watch') return watchRefusal(mode === undefined ? [] : [mode, ...rest]);
  if (command !== 'lru_crawler') return null;
  if (mode === 'metadump') return metadumpRefusal(rest);
  return mode === 'mgdump' ? MGDUMP_REFUSAL : null;
}
