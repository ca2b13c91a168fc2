import type { Transport } from '../base/transport.ts';
import type { StoreAddress } from './store-connection.ts';

/** What listens on a port, as its first answer shows. */
export interface PortListener {
  /** `nobody`: the connection was refused. `silent`: it was accepted, and nothing came back. */
  readonly kind: 'nobody' | 'memcached' | 'controller' | 'redis' | 'http' | 'silent' | 'unknown';
  /** Human-readable, without the address: `a memcached (1.6.18)`, `a Redis`. */
  readonly words: string;
}

/**
 * Finds out what listens on a port. It asks for the version in memcached's text protocol: every memcached answers
 * that, other servers answer an unknown line in a way of their own, and no server changes anything.
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

/** Only so much of the answer is read, in bytes: its first line is enough. */
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

/** Most characters of an unknown answer that are shown. */
const SHOWN_MAX = 40;
