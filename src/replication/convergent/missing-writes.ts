import type { ControllerId, MonotonicMs } from '../../base/number-kinds.ts';
import { type Gate, waitBecause } from '../../membership/gate.ts';
import type { Stretch } from '../../ordering/stretches.ts';
import type { VersionVector } from '../../ordering/version-vector.ts';
import type { ControllerPorts } from '../scheme-ports.ts';

export interface MissingWritesPorts {
  readonly controller: ControllerPorts;
  /** What the peer has said that it would know after a crash. */
  readonly knownBy: (peer: ControllerId) => VersionVector;
  /** Starts an exchange with the peer, unless one is under way. */
  readonly pull: (peer: ControllerId) => void;
}

/** Why the session waits that may have seen a key in another group which had it before. */
export const BLANK = waitBecause(
  'SESSION_AHEAD',
  'this controller has lost what it had, and none is reached that has what the session may have seen',
);

/** A session that is waited for has the peers asked at most this often, in milliseconds. */
const SEEK_EVERY_MS = 20;

/** Asks peers for what a session has seen and this controller does not show. */
export class MissingWrites {
  readonly #ports: MissingWritesPorts;
  #soughtMs: MonotonicMs = Number.NEGATIVE_INFINITY;

  constructor(ports: MissingWritesPorts) {
    this.#ports = ports;
  }

  /** Asks those that have said that they have it, or else all. @returns why the session waits */
  seek({ origin, to }: Stretch): Gate {
    const { knownBy, controller, pull } = this.#ports;
    const { clock, peers } = controller;
    const nowMs = clock.nowMs();
    if (nowMs - this.#soughtMs >= SEEK_EVERY_MS) {
      this.#soughtMs = nowMs;
      const ahead = peers.ids.filter((peer) => knownBy(peer).timeOf(origin) >= to);
      for (const peer of ahead.length > 0 ? ahead : peers.ids) pull(peer);
    }
    const name = origin === controller.node ? 'this controller' : peers.nameOf(origin);
    return waitBecause('SESSION_AHEAD', `the session has seen writes of ${name} that are not known here yet`);
  }
}
