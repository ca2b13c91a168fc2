import type { LocalOperation } from '../../consistency/client-stream.ts';
import type { Reply } from '../../protocol/reply.ts';
import { crawlWords } from '../streams/dump-words.ts';
import type { Dumps } from '../streams/dumps.ts';
import type { Watchers } from '../streams/watchers.ts';
import { type CommandedStore, type OnAdminReply, passOn } from './store-administration.ts';

export interface AdminParts {
  readonly store: CommandedStore;
  readonly dumps: Dumps;
  readonly watchers: Watchers;
}

const NO_TLS: Reply = { kind: 'line', line: 'Error TLS not enabled' };

/**
 * Answers memcached's administrative commands. A command that tunes the local memcached is passed on to it
 * word for word and is not replicated, because each store manages its own memory. A command that streams what
 * there is or what happens is answered here: the store would show the controller's own requests and envelopes.
 */
export class AdminReplies {
  readonly #store: CommandedStore;
  readonly #dumps: Dumps;
  readonly #watchers: Watchers;
  readonly #askShutdown: (() => void) | null;

  /**
   * @param askShutdown ends this controller once this turn's answers have left; null where clients may not do
   *   that
   */
  constructor({ store, dumps, watchers }: AdminParts, askShutdown: (() => void) | null) {
    this.#store = store;
    this.#dumps = dumps;
    this.#watchers = watchers;
    this.#askShutdown = askShutdown;
  }

  /** @param words the whole line */
  reply(words: readonly string[], answer: OnAdminReply, operation: LocalOperation): void {
    const [command = '', mode = '', ...rest] = words;
    if (command === 'shutdown') return answer(this.#shutdown(mode));
    if (command === 'refresh_certs') return answer(NO_TLS);
    if (command === 'watch') return this.#watchers.begin(words.slice(1), answer, operation);
    if (command === 'lru_crawler' && (mode === 'metadump' || mode === 'mgdump'))
      return this.#dumps.begin(crawlWords(mode, rest), answer, operation);
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
