import type { Journal, JournalRecord } from '../journal/journal.ts';
import type { Version } from '../ordering/version.ts';
import type { VersionVector } from '../ordering/version-vector.ts';

export interface SweeperPorts {
  readonly journal: Journal;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  /** What each peer is known to know; a peer that was never heard of knows nothing. */
  readonly peersKnown: () => readonly VersionVector[];
  /** A tombstone of this version may still be needed here, to tell what is queued from what has happened. */
  readonly isNeeded: (tombstone: Version) => boolean;
  /** An entry expired a while ago. */
  readonly onExpired: (record: JournalRecord) => void;
}

/** Records looked at in one step: what a step may cost, whatever the number of keys. */
const RECORDS_PER_STEP = 64;

/** How long an entry must have been expired before it is removed, in milliseconds, so that clocks may differ. */
const EXPIRED_FOR_MS = 2_000;

/**
 * Keeps the journal from growing with what is gone: goes round through all records, a few at a time, forgets
 * tombstones that every peer is past, and reports expired entries.
 *
 * Invariant: a tombstone is forgotten only when no peer can bring the deleted entry back.
 */
export class Sweeper {
  readonly #ports: SweeperPorts;

  constructor(ports: SweeperPorts) {
    this.#ports = ports;
  }

  step(): void {
    const { journal, onExpired, isNeeded } = this.#ports;
    const expiredBeforeMs = this.#ports.wallMs() - EXPIRED_FOR_MS;
    const peers = this.#ports.peersKnown();
    for (const record of journal.sample(RECORDS_PER_STEP)) {
      if (record.tombstone) {
        const everywhere = peers.every((known) => known.covers(record.version));
        if (everywhere && !isNeeded(record.version)) journal.forget(record);
      } else if (record.expiresAtMs !== 0 && record.expiresAtMs <= expiredBeforeMs) {
        onExpired(record);
      }
    }
  }
}
