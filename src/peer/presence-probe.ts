import type { ControllerId } from '../base/number-kinds.ts';
import type { Connection, NetworkAddress, Transport } from '../base/transport.ts';

export interface PresenceProbePorts {
  readonly transport: Transport;
  /** Null where the peer is no controller of the cluster any more. */
  readonly addressOf: (peer: ControllerId) => NetworkAddress | null;
  /** There is a link to the peer. */
  readonly isLinked: (peer: ControllerId) => boolean;
  /** The peer's machine refuses connections to the peer's port. */
  readonly onGone: (peer: ControllerId) => void;
}

/**
 * Finds out whether the process behind a broken link is gone.
 *
 * When a process dies, its operating system closes its connections and its port, and refuses further connections.
 * Therefore the end of a link and a refused connection together say within a millisecond what silence says after some
 * heartbeats. A firewall may refuse as well, so a refusal decides nothing: it makes the peer a suspect. When there is
 * no answer at all, the probe says nothing, and the failure detector goes by silence.
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
  look(peer: ControllerId): void {
    this.#stop(peer);
    this.#try(peer, 0);
  }

  close(): void {
    this.#closed = true;
    for (const peer of [...this.#timers.keys()]) this.#stop(peer);
    for (const connection of this.#connections) connection.destroy();
  }

  #try(peer: ControllerId, attempt: number): void {
    const { transport, addressOf, isLinked, onGone } = this.#ports;
    const address = addressOf(peer);
    if (this.#closed || address === null || isLinked(peer)) return;
    let isRefused = false;
    const connection = transport.connect(address, {
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

  /**
   * A process that dies closes its connections and its port one after the other, so the port may be open a little
   * longer.
   */
  #tryAgain(peer: ControllerId, attempt: number): void {
    if (attempt === ATTEMPTS_MAX) return;
    this.#timers.set(
      peer,
      setTimeout(() => this.#try(peer, attempt), AGAIN_AFTER_MS),
    );
  }

  #stop(peer: ControllerId): void {
    clearTimeout(this.#timers.get(peer));
    this.#timers.delete(peer);
  }
}

/** Most attempts to connect after the end of a link, and the time between two of them, in milliseconds. */
const ATTEMPTS_MAX = 4;
const AGAIN_AFTER_MS = 25;

/** An attempt is given up after this time, in milliseconds. Silence is noticed sooner than a later answer. */
const ANSWER_WITHIN_MS = 500;

function ignore(): void {}
