import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import type { Connection, ConnectionHandlers } from '../base/transport.ts';
import { LogRateLimit } from './log-rate-limit.ts';
import { addressOf } from './loopback.ts';
import type { MeshPorts } from './mesh-ports.ts';
import type { PeerLink, PeerTable } from './peer-table.ts';
import { type PeerPreface, refusalInVersion1, versionRefusal } from './preface.ts';

type RefusalPorts = Pick<
  MeshPorts,
  'clock' | 'versions' | 'idTakenAfterMs' | 'onRefused' | 'onUnknownRefused' | 'onIdTaken'
>;

/** Which connections were refused, by either end: kept for `show`, and reported at a bounded rate. */
export class Refusals {
  readonly #ports: RefusalPorts;
  readonly #peers: PeerTable;
  readonly #unknownLimit: LogRateLimit;
  /** Since when every peer has said that another process has this controller's id; null when one does not. */
  #idTakenSinceMs: MonotonicMs | null = null;

  constructor(ports: RefusalPorts, peers: PeerTable) {
    this.#ports = ports;
    this.#peers = peers;
    this.#unknownLimit = new LogRateLimit(ports.clock);
  }

  /** A caller that named a range knows this controller's range by now; an older one gets a refusal that it can read. */
  refuseVersions(connection: Connection, { versions, hasRange }: PeerPreface): void {
    const reason = versionRefusal(versions, this.#ports.versions);
    this.onTurnedAway(null, addressOf(connection), reason);
    connection.handle(UNHEARD);
    if (!hasRange) connection.write(refusalInVersion1(reason));
    connection.closeWhenSent();
  }

  /** @param claimed the peer that was called, or the id that the other end gives itself; null when it gave none */
  onTurnedAway(claimed: ControllerId | null, address: string, reason: string): void {
    const state = claimed === null ? null : this.#peers.of(claimed);
    if (state !== null) this.onRefused(state, reason);
    else if (this.#unknownLimit.isDue(reason)) this.#ports.onUnknownRefused(address, reason);
  }

  onRefused(state: PeerLink, reason: string): void {
    state.refusal = reason;
    if (state.logLimit.isDue(reason)) this.#ports.onRefused(state.id, reason);
  }

  /**
   * Another process has this controller's id, as one peer says. It counts only once no peer is linked, and once all
   * peers have said so for a while: until then the other process may be an earlier run whose end they have not
   * noticed.
   */
  onIdTaken(reason: string): void {
    if (this.#peers.all.some(({ link }) => link !== null)) return;
    const nowMs = this.#ports.clock.nowMs();
    this.#idTakenSinceMs ??= nowMs;
    if (nowMs - this.#idTakenSinceMs >= this.#ports.idTakenAfterMs) this.#ports.onIdTaken(reason);
  }

  /** A peer has taken this controller as a peer. */
  onLinked(): void {
    this.#idTakenSinceMs = null;
  }
}

/** Handlers of a connection that is about to be closed. */
const UNHEARD: ConnectionHandlers = { onData: ignore, onEnd: ignore, onError: ignore, onClose: ignore };

function ignore(): void {}
