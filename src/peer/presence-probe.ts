import type { Connection, NetworkAddress, Transport } from '../base/transport.ts';

export interface PresenceProbePorts {
  readonly transport: Transport;
  readonly addresses: readonly NetworkAddress[];
  /** There is a link to the peer. */
  readonly isLinked: (peer: number) => boolean;
  /** The peer's machine says that nobody listens there. */
  readonly onGone: (peer: number) => void;
}

/**
 * Finds out, when a link to a peer has broken, whether the peer's process is gone. The system closes the connections and
 * the port of a process that dies, and refuses further connections: so a link that has ended and a refusal together say
 * in a millisecond what silence says after some heartbeats. That may be wrong, since something between the two may refuse
 * as well, and decides nothing by itself: it makes a suspect. No answer at all says nothing, and silence is waited for.
 */
export class PresenceProbe {
  readonly #ports: PresenceProbePorts;
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #connections = new Set<Connection>();
  #closed = false;

  constructor(ports: PresenceProbePorts) {
    this.#ports = ports;
  }

  /** The link to the peer has ended. */
  look(peer: number): void {
    this.#stop(peer);
    this.#try(peer, 0);
  }

  close(): void {
    this.#closed = true;
    for (const peer of [...this.#timers.keys()]) this.#stop(peer);
    for (const connection of this.#connections) connection.destroy();
  }

  #try(peer: number, attempt: number): void {
    const { transport, addresses, isLinked, onGone } = this.#ports;
    if (this.#closed || isLinked(peer)) return;
    let isRefused = false;
    const connection = transport.connect(addresses[peer]!, {
      onConnect: () => connection.destroy(),
      onData: ignore,
      onEnd: ignore,
      onError: (error) => {
        isRefused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
      },
      onClose: () => {
        clearTimeout(timeout);
        this.#connections.delete(connection);
        if (this.#closed || isLinked(peer)) return;
        if (isRefused) onGone(peer);
        else this.#tryAgain(peer, attempt + 1);
      },
    });
    this.#connections.add(connection);
    const timeout = setTimeout(() => connection.destroy(), ANSWER_WITHIN_MS);
  }

  /** A process that dies closes what it has one after the other: its port may have outlived its connections. */
  #tryAgain(peer: number, attempt: number): void {
    if (attempt === ATTEMPTS_MAX) return;
    this.#timers.set(
      peer,
      setTimeout(() => this.#try(peer, attempt), AGAIN_AFTER_MS),
    );
  }

  #stop(peer: number): void {
    clearTimeout(this.#timers.get(peer));
    this.#timers.delete(peer);
  }
}

/** Attempts to connect after a link has ended, and the time between two of them, in milliseconds. */
const ATTEMPTS_MAX = 4;
const AGAIN_AFTER_MS = 25;

/** What takes longer to be answered will be noticed by its silence first, in milliseconds. */
const ANSWER_WITHIN_MS = 500;

function ignore(): void {}
