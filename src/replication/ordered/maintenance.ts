import type { JournalRecord } from '../../journal/journal.ts';
import type { Membership } from '../../membership/membership.ts';
import { ROOT_GROUP } from '../../membership/peer-bus.ts';
import { compareVersions, NO_VERSION, sameVersion } from '../../ordering/version.ts';
import type { AntiEntropy } from '../exchange/anti-entropy.ts';
import type { SchemePorts } from '../scheme-ports.ts';
import { peerKnowledge, Sweeper } from '../sweeper.ts';
import { NO_CHANGE } from './no-change.ts';
import type { RequestOrder } from './request-order.ts';

export interface MaintenanceParts {
  readonly ports: SchemePorts;
  readonly order: RequestOrder;
  readonly views: Membership;
  readonly exchange: AntiEntropy;
  /** The gate for writes is open. */
  readonly mayWrite: () => boolean;
}

/** While more requests than this are under way, expired entries wait. */
const PENDING_MAX = 128;

/**
 * Writes that no client asks for: announced flushes that come due, the end of expired entries, and the first write of
 * a group. Each is agreed in its place in the order. An expired entry may be what a condition names, so it cannot just
 * be forgotten.
 *
 * A controller that finds an empty state after a restart cannot tell a group that was never written to from one whose
 * journal it has lost, and no view continues from there. So a further ordered group, which may have no keys for long,
 * begins with a write that changes nothing. The root group has no such write: it sends what older releases send.
 */
export class Maintenance {
  readonly #parts: MaintenanceParts;
  readonly #sweeper: Sweeper;
  #flushDueMs = 0;

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
    const { ports, order, exchange } = parts;
    const { replica } = ports;
    const { time } = ports.controller;
    this.#sweeper = new Sweeper({
      journal: replica.journal,
      isUnserved: (key) => replica.isUnserved(key),
      agreedMs: () => time.agreedMs,
      peers: () => peerKnowledge(ports),
      mayForgetEarly: () => exchange.isIdle,
      dropValue: (key) => replica.dropValue(key),
      isNeeded: ({ version }) => compareVersions(version, order.applied) > 0,
      proposeEnd: (record) => this.#proposeEnd(record),
    });
  }

  set isPaused(isPaused: boolean) {
    this.#sweeper.isPaused = isPaused;
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    this.#proposeFirst();
    if (!this.#sweeper.isPaused) this.#proposeDueFlush();
    this.#sweeper.step();
  }

  #proposeFirst(): void {
    const { ports, order, views, mayWrite } = this.#parts;
    if (ports.group === ROOT_GROUP || order.pending > 0 || !sameVersion(order.applied, NO_VERSION)) return;
    const isFirst = views.view?.members[0]?.node === ports.controller.node;
    // mutant: begins-without-a-write
    if (isFirst && mayWrite()) order.write(NO_CHANGE, () => {});
  }

  #proposeDueFlush(): void {
    const { ports, order, mayWrite } = this.#parts;
    const armed = ports.replica.journal.announcedFlush;
    if (armed === null) return;
    const nowMs = ports.controller.time.agreedMs;
    if (nowMs === null || armed.atMs > nowMs) return;
    if (armed.atMs === this.#flushDueMs || !mayWrite()) return;
    this.#flushDueMs = armed.atMs;
    order.write({ kind: 'flush-due', atMs: armed.atMs }, () => {});
  }

  #proposeEnd({ key, version: base }: JournalRecord): boolean {
    const { order, mayWrite } = this.#parts;
    if (!this.#proposesEndFor(base.node)) return false;
    if (order.pending > PENDING_MAX || !mayWrite()) return false;
    order.write({ kind: 'delete', key, condition: base }, () => {});
    return true;
  }

  /**
   * The end of an entry is proposed by the controller that wrote it or, if that is no member, by the first member.
   */
  #proposesEndFor(writer: number): boolean {
    const { ports, views } = this.#parts;
    if (writer === ports.controller.node) return true;
    return !views.isInView(writer) && views.view?.members[0]?.node === ports.controller.node;
  }
}
