import type { WallMs } from '../base/number-kinds.ts';
import type { Journal, JournalRecord } from '../journal/journal.ts';
import type { VersionVector } from '../ordering/version-vector.ts';
import { majorityOf } from '../placement/configuration.ts';
import type { SchemePorts } from './scheme-ports.ts';

/** What a peer knows, as far as it matters for forgetting. */
export interface PeerKnowledge {
  /** The version vector of the peer; empty when the peer was never heard. */
  readonly known: VersionVector;
  /** The peer was silent for so long that deletions do not wait for it. */
  readonly isAbsent: boolean;
}

/** What each peer knows. */
export function peerKnowledge({ knownBy, controller }: SchemePorts): PeerKnowledge[] {
  const { peers, isAbsent } = controller;
  return peers.ids.map((peer) => ({ known: knownBy(peer), isAbsent: isAbsent(peer) }));
}

export interface SweeperPorts {
  readonly journal: Journal;
  /** The key's entry belongs to another group: see `Replica.isUnserved`. */
  readonly isUnserved: (key: string) => boolean;
  /** Cluster time, milliseconds since 1970; null while there is none. */
  readonly agreedMs: () => WallMs | null;
  readonly peers: () => readonly PeerKnowledge[];
  /** Deletions that absent peers do not know of may be forgotten now. */
  readonly mayForgetEarly: () => boolean;
  /**
   * The record of a gone entry is still needed here, whatever the peers know: an older write may be taken in late, or
   * the write that ended the entry may still be taken back.
   */
  readonly isNeeded: (record: JournalRecord) => boolean;
  /**
   * Has the end of an expired entry agreed as a write; false when that has to wait. Null when each replica forgets
   * expired entries by itself.
   */
  readonly proposeEnd: ((record: JournalRecord) => boolean) | null;
  /**
   * The key's entry has expired, so the store need not keep its value. Called again for as long as the record is
   * kept.
   */
  readonly dropValue: (key: string) => void;
}

/**
 * How many records are looked at together, and how often in one step. They bound the cost of a step, whatever the
 * number of keys.
 */
const RECORDS_PER_LOOK = 64;
const LOOKS_PER_STEP = 8;

/** A step goes on looking while at least so many of the records that it looked at could be removed. */
const WORTH_LOOKING = RECORDS_PER_LOOK / 2;

/**
 * How long an entry must have been expired before it is removed, in milliseconds. The controllers read cluster time
 * at different moments, and none may still see an entry that another has forgotten.
 */
const EXPIRED_FOR_MS = 2_000;

/**
 * Keeps the journal and the store from growing with entries that are gone. It goes round through all records, a few
 * at a time, forgets tombstones that every peer is past, and ends expired entries. The store is never told when an
 * entry expires: its clock is another one, and may be wrong.
 *
 * A tombstone is forgotten only when no peer can bring the deleted entry back:
 *  1. A peer that knows of the deletion does not bring the entry back.
 *  2. A peer that does not know of it is absent, and a majority knows of it. When the absent peer comes back, it has
 *     a deletion gap (`hasDeletionGap`) and starts empty.
 *
 * The record of an expired entry is forgotten on the same terms, because it hides older writes of its key as a
 * tombstone does. Without cluster time nothing has expired.
 */
export class Sweeper {
  readonly #ports: SweeperPorts;
  /** Nothing is removed meanwhile: another group copies the records, and has to get the tombstones too. */
  isPaused = false;

  constructor(ports: SweeperPorts) {
    this.#ports = ports;
  }

  /** To be called every few milliseconds. */
  step(): void {
    if (this.isPaused || this.#ports.journal.records === 0) return;
    const agreedMs = this.#ports.agreedMs();
    const expiredBeforeMs = agreedMs === null ? Number.NEGATIVE_INFINITY : agreedMs - EXPIRED_FOR_MS;
    const peers = this.#ports.peers();
    for (let looks = 0; looks < LOOKS_PER_STEP; looks++)
      if (this.#look(peers, expiredBeforeMs) < WORTH_LOOKING) return;
  }

  /** @returns how many records are removed, or will be in a moment */
  #look(peers: readonly PeerKnowledge[], expiredBeforeMs: WallMs): number {
    const { journal, isUnserved, proposeEnd, dropValue } = this.#ports;
    let ended = 0;
    for (const record of journal.sample(RECORDS_PER_LOOK)) {
      if (isUnserved(record.key)) continue;
      if (record.tombstone) {
        if (this.#forget(record, peers)) ended++;
      } else if (record.expiresAtMs !== 0 && record.expiresAtMs <= expiredBeforeMs) {
        if (proposeEnd !== null) {
          if (proposeEnd(record)) ended++;
        } else {
          // While a peer is away, the record may have to stay for long. No client needs its value.
          dropValue(record.key);
          if (this.#forget(record, peers)) ended++;
        }
      }
    }
    return ended;
  }

  /** @returns false when it is still needed */
  #forget(record: JournalRecord, peers: readonly PeerKnowledge[]): boolean {
    const { journal, isNeeded, mayForgetEarly } = this.#ports;
    if (isNeeded(record)) return false;
    const without = peers.filter(({ known }) => !known.covers(record.version));
    // mutant: forgets-unknown-deletion
    if (without.length === 0) {
      journal.forget(record);
      return true;
    }
    const knowing = peers.length + 1 - without.length;
    const isOutvoted = without.every(({ isAbsent }) => isAbsent) && knowing >= majorityOf(peers.length + 1);
    if (!isOutvoted || !mayForgetEarly()) return false;
    journal.forgetEarly(record);
    return true;
  }
}
