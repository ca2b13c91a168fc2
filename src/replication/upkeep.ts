import type { JournalRecord } from '../journal/journal.ts';
import { compareVersions } from '../ordering/version.ts';
import type { OrderedEngine } from './broadcast/ordered-engine.ts';
import { Sweeper, type SweeperPorts } from './sweeper.ts';

export interface UpkeepPorts
  extends Pick<SweeperPorts, 'journal' | 'agreedMs' | 'peers' | 'mayForgetEarly' | 'dropValue'> {
  /** Null at a convergent level. */
  readonly ordered: OrderedEngine | null;
  /** It is for this controller to propose the end of what that one wrote. */
  readonly speaksFor: (node: number) => boolean;
}

/** Expired entries are left for later while so many requests are under way. */
const PENDING_MAX = 128;

/** What is done without a client: announced flushes that come due, and the removal of what has expired. */
export class Upkeep {
  readonly #ports: UpkeepPorts;
  readonly #sweeper: Sweeper;
  #flushDueMs = 0;

  constructor(ports: UpkeepPorts) {
    this.#ports = ports;
    const { ordered } = ports;
    this.#sweeper = new Sweeper({
      ...ports,
      isNeeded: (tombstone) => ordered !== null && compareVersions(tombstone, ordered.applied) > 0,
      proposeEnd: ordered === null ? null : (record) => this.#proposeEnd(ordered, record),
    });
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    this.#proposeDueFlush();
    this.#sweeper.step();
  }

  /** A flush that was announced is carried out as a write of its own, in its place in the order. */
  #proposeDueFlush(): void {
    const { ordered, journal, agreedMs } = this.#ports;
    const armed = journal.armedFlush;
    if (ordered === null || armed === null) return;
    const nowMs = agreedMs();
    if (nowMs === null || armed.atMs > nowMs) return;
    if (armed.atMs === this.#flushDueMs || ordered.gate('write').state !== 'open') return;
    this.#flushDueMs = armed.atMs;
    ordered.write({ kind: 'flush-due', atMs: armed.atMs }, () => {});
  }

  /**
   * At an ordered level an expired entry may be the base of a condition, so its end is agreed as a write, by its origin
   * or, when that takes no part, by the first member.
   */
  #proposeEnd(ordered: OrderedEngine, { key, version: base }: JournalRecord): boolean {
    if (!this.#ports.speaksFor(base.node)) return false;
    if (ordered.pending > PENDING_MAX || ordered.gate('write').state !== 'open') return false;
    ordered.write({ kind: 'delete', key, base }, () => {});
    return true;
  }
}
