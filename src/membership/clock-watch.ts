import type { Log } from '../base/log.ts';
import type { ClusterClock } from './cluster-clock.ts';
import type { Peers } from './peers.ts';

export interface ClockWatchPorts {
  readonly clock: ClusterClock;
  readonly peers: Peers;
  /** A wall clock that is further from cluster time than this is wrong, in milliseconds. */
  readonly maxSkewMs: number;
  readonly log: Log;
}

/**
 * Reports wall clocks that are wrong, that of this machine included. A wrong clock moves nothing, but a human should
 * set it right.
 */
export class ClockWatch {
  readonly #ports: ClockWatchPorts;
  readonly #wrong = new Set<string>();

  constructor(ports: ClockWatchPorts) {
    this.#ports = ports;
  }

  /** To be called now and then. */
  step(): void {
    const { clock, peers } = this.#ports;
    this.#look('this controller', clock.ownErrorMs);
    for (const peer of peers.ids) this.#look(peers.nameOf(peer), clock.errorMsOf(peer));
  }

  #look(of: string, errorMs: number | null): void {
    if (errorMs === null) return;
    const { maxSkewMs, log } = this.#ports;
    const isWrong = Math.abs(errorMs) > maxSkewMs;
    if (isWrong === this.#wrong.has(of)) return;
    if (isWrong) this.#wrong.add(of);
    // A clock that is close to the limit is not reported again and again.
    else if (Math.abs(errorMs) <= maxSkewMs / 2) this.#wrong.delete(of);
    else return;
    log.info(isWrong ? 'a clock is wrong' : 'a clock is right again', {
      of,
      aheadSeconds: Math.round(errorMs / 100) / 10,
    });
  }
}
