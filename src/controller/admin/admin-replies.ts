import type { Reply } from '../../protocol/reply.ts';
import { MGDUMP_REFUSAL, metadumpRefusal, watchRefusal } from './refusals.ts';
import { type Answer, passOn, type StoreAdministration } from './store-administration.ts';

export interface AdminPorts {
  readonly store: StoreAdministration;
  readonly shutdownEnabled: boolean;
  /** Ends this controller, once this turn's answers have left. */
  readonly shutdown: () => void;
}

/**
 * Administrative commands of memcached. Those that tune the local memcached are passed on to it word by word,
 * and are not replicated: memory and its upkeep are each store's own affair. Those that stream are refused.
 */
export class AdminReplies {
  readonly #ports: AdminPorts;

  constructor(ports: AdminPorts) {
    this.#ports = ports;
  }

  /** @param words the whole line */
  reply(words: readonly string[], answer: Answer): void {
    const [command = '', mode = ''] = words;
    if (command === 'shutdown') return answer(this.#shutdown(mode));
    const refusal = refusalOf(words);
    if (refusal !== null) return answer(refusal);
    passOn(this.#ports.store, words, answer);
  }

  /** As memcached's `-A`: no answer but the end of the connection. */
  #shutdown(mode: string): Reply {
    if (!this.#ports.shutdownEnabled) return { kind: 'line', line: 'ERROR: shutdown not enabled' };
    if (mode !== '' && mode !== 'graceful') return { kind: 'client_error', reason: 'invalid shutdown mode' };
    this.#ports.shutdown();
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
