import type { Transport } from '../base/transport.ts';
import type { StoreAddress } from './store-connection.ts';

/** What listens at an address, judged by its first answer. */
export interface PortListener {
  /** `nobody`: the connection was refused. `silent`: it was accepted, and nothing came back. */
  readonly kind: 'nobody' | 'memcached' | 'controller' | 'redis' | 'http' | 'silent' | 'unknown';
  /** For people, without the address: `a memcached (1.6.18)`, `a Redis`. */
  readonly words: string;
}

/**
 * Asks a listener what it is: in memcached's text protocol, since every memcached answers that, and other servers
 * answer an unknown line in a manner of their own. It is told nothing that could change anything there.
 */
export function probePort(
  transport: Transport,
  address: StoreAddress,
  timeoutMs: number,
): Promise<PortListener> {
  return new Promise((resolve) => {
    let received = '';
    let isAccepted = false;
    const settle = (): void => {
      clearTimeout(timer);
      connection.destroy();
      resolve(isAccepted ? judge(received) : { kind: 'nobody', words: 'nothing' });
    };
    const connection = transport.connect(address, {
      onConnect: () => {
        isAccepted = true;
        connection.write(Buffer.from('version\r\n'));
      },
      onData: (chunk) => {
        received += chunk.toString('latin1', 0, ANSWER_BYTES_MAX);
        if (received.includes('\n') || received.length >= ANSWER_BYTES_MAX) settle();
      },
      onEnd: settle,
      onError: settle,
      onClose: settle,
    });
    const timer = setTimeout(settle, timeoutMs);
  });
}

/** A first line is all that is looked at, in bytes. */
const ANSWER_BYTES_MAX = 256;

const SIGNS: readonly (readonly [RegExp, PortListener['kind'], words: (found: string) => string])[] = [
  [/^VERSION \S+ memchorus\/(\S+)/, 'controller', (version) => `a controller of memchorus (${version})`],
  [/^VERSION (\S+)/, 'memcached', (version) => `a memcached (${version})`],
  [/^-ERR unknown command/, 'redis', () => 'a Redis, which speaks another protocol'],
  [/^HTTP\/(\d)/, 'http', () => 'a web server'],
];

function judge(received: string): PortListener {
  for (const [sign, kind, words] of SIGNS) {
    const found = sign.exec(received);
    if (found !== null) return { kind, words: words(found[1] ?? '') };
  }
  if (received === '')
    return { kind: 'silent', words: 'something that accepts connections and answers nothing' };
  const line = received
    .split(/\r?\n/)[0]!
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, SHOWN_MAX);
  return { kind: 'unknown', words: `something that answers "${line}"` };
}

/** Characters of an unknown answer that are shown. */
const SHOWN_MAX = 40;
