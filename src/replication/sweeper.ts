import type { Journal, JournalRecord } from '../journal/journal.ts';
import { quorum } from '../membership/view.ts';
import type { Version } from '../ordering/version.ts';
import type { VersionVector } from '../ordering/version-vector.ts';

/** What is known of a peer, as far as it concerns what can be forgotten. */
export interface PeerPast {
  /** A peer that was never heard of knows nothing. */
  readonly known: VersionVector;
  /** It was silent for so long that deletions do not wait for it. */
  readonly isAbsent: boolean;
}

export interface SweeperPorts {
  readonly journal: Journal;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  readonly peers: () => readonly PeerPast[];
  /** Deletions that absent peers do not know of may be forgotten now. */
  readonly mayForgetEarly: () => boolean;
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
 * Invariant: a tombstone is forgotten only when no peer can bring the deleted entry back: each knows of the deletion, or
 * has to start anew when it comes back (`hasLapsed`), since a majority knows of it.
 */
export class Sweeper {
  readonly #ports: SweeperPorts;

  constructor(ports: SweeperPorts) {
    this.#ports = ports;
  }

  step(): void {
    const { journal, onExpired, isNeeded, mayForgetEarly } = this.#ports;
    const expiredBeforeMs = this.#ports.wallMs() - EXPIRED_FOR_MS;
    const peers = this.#ports.peers();
    for (const record of journal.sample(RECORDS_PER_STEP)) {
      if (record.tombstone) {
        if (isNeeded(record.version)) continue;
        const without = peers.filter(({ known }) => !known.covers(record.version));
        if (without.length === 0) journal.forget(record);
        else if (without.every(({ isAbsent }) => isAbsent) && mayForgetEarly()) {
          const knowing = peers.length + 1 - without.length;
          if (knowing >= quorum(peers.length + 1)) journal.forgetEarly(record);
        }
      } else if (record.expiresAtMs !== 0 && record.expiresAtMs <= expiredBeforeMs) {
        onExpired(record);
      }
    }
  }
}
