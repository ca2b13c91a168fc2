import type { WallMs } from '../base/number-kinds.ts';
import type { Journal, JournalRecord } from '../journal/journal.ts';
import { quorum } from '../membership/view.ts';
import type { Version } from '../ordering/version.ts';
import type { VersionVector } from '../ordering/version-vector.ts';
import type { SchemePorts } from './scheme-ports.ts';

/** What is known of a peer, as far as it concerns what can be forgotten. */
export interface PeerKnowledge {
  /** A peer that was never heard of knows nothing. */
  readonly known: VersionVector;
  /** It was silent for so long that deletions do not wait for it. */
  readonly isAbsent: boolean;
}

/** Of all peers. */
export function peerKnowledge({ knownBy, controller }: SchemePorts): PeerKnowledge[] {
  const { peers, isAbsent } = controller;
  return peers.ids.map((peer) => ({ known: knownBy(peer), isAbsent: isAbsent(peer) }));
}

export interface SweeperPorts {
  readonly journal: Journal;
  /** Cluster time, milliseconds since 1970; null while there is none. */
  readonly agreedMs: () => WallMs | null;
  readonly peers: () => readonly PeerKnowledge[];
  /** Deletions that absent peers do not know of may be forgotten now. */
  readonly mayForgetEarly: () => boolean;
  /** A tombstone of this version may still be needed here, to tell what is queued from what has happened. */
  readonly isNeeded: (tombstone: Version) => boolean;
  /**
   * Has the end of an expired entry agreed as a write, and is false when that has to wait. Null where every replica forgets
   * expired entries by itself.
   */
  readonly proposeEnd: ((record: JournalRecord) => boolean) | null;
  /** The key's entry has expired: the store need not keep its value. Called again for as long as the record is kept. */
  readonly dropValue: (key: string) => void;
}

/** Records looked at together, and how often in one step: what a step may cost, whatever the number of keys. */
const RECORDS_PER_LOOK = 64;
const LOOKS_PER_STEP = 8;

/** A step goes on looking while at least so many of the records that it looked at could be removed. */
const WORTH_LOOKING = RECORDS_PER_LOOK / 2;

/**
 * How long an entry must have been expired before it is removed, in milliseconds: the controllers read cluster time at
 * different moments, and none may still see an entry that another has forgotten.
 */
const EXPIRED_FOR_MS = 2_000;

/**
 * Keeps the journal and the store from growing with what is gone: goes round through all records, a few at a time, forgets
 * tombstones that every peer is past, and ends expired entries. The store is never told when an entry expires: its clock
 * is another one, and may be wrong.
 *
 * Invariants: a tombstone is forgotten only when no peer can bring the deleted entry back: each knows of the deletion, or
 * has to start anew when it comes back (`hasDeletionGap`), since a majority knows of it. An expired entry is forgotten on the
 * same terms, since it hides older writes of its key as a tombstone does. Without cluster time nothing has expired.
 */
export class Sweeper {
  readonly #ports: SweeperPorts;

  constructor(ports: SweeperPorts) {
    this.#ports = ports;
  }

  /** To be called every few milliseconds. */
  step(): void {
    if (this.#ports.journal.records === 0) return;
    const agreedMs = this.#ports.agreedMs();
    const expiredBeforeMs = agreedMs === null ? Number.NEGATIVE_INFINITY : agreedMs - EXPIRED_FOR_MS;
    const peers = this.#ports.peers();
    for (let looks = 0; looks < LOOKS_PER_STEP; looks++)
      if (this.#look(peers, expiredBeforeMs) < WORTH_LOOKING) return;
  }

  /** @returns how many records are gone, or will be in a moment */
  #look(peers: readonly PeerKnowledge[], expiredBeforeMs: WallMs): number {
    const { journal, isNeeded, proposeEnd, dropValue } = this.#ports;
    let ended = 0;
    for (const record of journal.sample(RECORDS_PER_LOOK)) {
      if (record.tombstone) {
        if (!isNeeded(record.version) && this.#forget(record, peers)) ended++;
      } else if (record.expiresAtMs !== 0 && record.expiresAtMs <= expiredBeforeMs) {
        if (proposeEnd !== null) {
          if (proposeEnd(record)) ended++;
        } else {
          // The record may have to stay for long, while a peer is away; its value is of no use to anybody.
          dropValue(record.key);
          if (this.#forget(record, peers)) ended++;
        }
      }
    }
    return ended;
  }

  /** @returns false when it is still needed */
  #forget(record: JournalRecord, peers: readonly PeerKnowledge[]): boolean {
    const { journal, mayForgetEarly } = this.#ports;
    const without = peers.filter(({ known }) => !known.covers(record.version));
    // mutant: forgets-unknown-deletion
    if (without.length === 0) {
      journal.forget(record);
      return true;
    }
    const knowing = peers.length + 1 - without.length;
    const isOutvoted = without.every(({ isAbsent }) => isAbsent) && knowing >= quorum(peers.length + 1);
    if (!isOutvoted || !mayForgetEarly()) return false;
    journal.forgetEarly(record);
    return true;
  }
}
