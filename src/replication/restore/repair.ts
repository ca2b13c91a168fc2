import type { Clock } from '../../base/clock.ts';
import { failure, type RequestFailure } from '../../base/error-codes.ts';
import type { ControllerId, MonotonicMs } from '../../base/number-kinds.ts';
import type { JournalRecord } from '../../journal/journal.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import type { Effect, SetEffect } from '../../ordering/effect.ts';
import { sameVersion } from '../../ordering/version.ts';
import type { Entry } from '../../store/entry.ts';
import { entryOf, setOfEntry } from '../entry-effect.ts';
import type { Replica } from '../replica.ts';
import type { FindOutcome, ValueFinder } from '../replica-reads.ts';
import type { Fetch, Fetched, RestoreMessage } from './messages.ts';

type FindDone = (outcome: FindOutcome) => void;

/** A search for a lost value. */
interface Search {
  readonly id: number;
  readonly record: JournalRecord;
  /** Why the local store cannot be asked, which may have the value; null when it has lost the value. */
  readonly trouble: string | null;
  /** The reads that wait for the value. */
  readonly waiting: FindDone[];
  /** Peers that have not answered. */
  readonly asked: Set<number>;
  readonly startedMs: MonotonicMs;
  /** A peer that may have the value could not be asked, or could not answer. */
  incomplete: boolean;
  /**
   * A peer's newest write of the key is another one. One of the two controllers is behind, so the search asks again a
   * little later.
   */
  unsettled: boolean;
}

export interface RepairCounters {
  /** Values that a peer still had. */
  readonly fetched: number;
  /** Values that no controller had any more. */
  readonly gone: number;
}

/** A write whose value no controller has any more, which has to be agreed as a deletion. */
export interface Loss {
  readonly record: JournalRecord;
  /** To be called when the write is no longer the newest of its key. */
  readonly settled: () => void;
  /** To be called when that could not be agreed. */
  readonly failed: (failure: RequestFailure) => void;
}

export interface RepairPorts {
  readonly replica: Replica;
  readonly bus: PeerBus<RestoreMessage>;
  /** The other controllers. */
  readonly peers: () => readonly ControllerId[];
  readonly clock: Clock;
  /** A search is given up after this time, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Finds, for a read, a value that the local store has lost (evicted, restarted, flushed from outside). Every peer is
 * asked for that very version, the first that has it is believed, and the store is filled again.
 *
 * It also finds values that the store cannot be asked for, because it is down. But then nothing is lost if no peer
 * has the value.
 *
 * A value is gone only by the word of every configured peer, in the view or not. While one of them cannot be asked,
 * the read is an error, not a miss.
 */
export class Repair implements ValueFinder {
  readonly #ports: RepairPorts;
  readonly #searches = new Map<number, Search>();
  readonly #byKey = new Map<string, Search>();
  #lastId = 0;
  #losses: Loss[] = [];
  readonly #counters = { fetched: 0, gone: 0 };

  constructor(ports: RepairPorts) {
    this.#ports = ports;
  }

  get counters(): RepairCounters {
    return this.#counters;
  }

  /** The losses that were found since the last call. */
  takeLosses(): readonly Loss[] {
    if (this.#losses.length === 0) return NO_LOSSES;
    const losses = this.#losses;
    this.#losses = [];
    return losses;
  }

  find(record: JournalRecord, trouble: string | null, done: FindDone): void {
    const running = this.#byKey.get(record.key);
    if (running !== undefined && sameVersion(running.record.version, record.version)) {
      running.waiting.push(done);
      return;
    }
    this.#start({ record, trouble, waiting: [done], startedMs: this.#ports.clock.nowMs() });
  }

  #start(asking: Pick<Search, 'record' | 'trouble' | 'waiting' | 'startedMs'>): void {
    const { record } = asking;
    const { bus } = this.#ports;
    const peers = this.#ports.peers();
    this.#lastId = (this.#lastId + 1) >>> 0;
    const asked = new Set(peers.filter((peer) => bus.isUp(peer)));
    const incomplete = asked.size < peers.length;
    const search: Search = { ...asking, id: this.#lastId, asked, incomplete, unsettled: false };
    this.#searches.set(search.id, search);
    this.#byKey.set(record.key, search);
    bus.sendToAll({ type: 'fetch', id: search.id, key: record.key, version: record.version });
    this.#concludeIfAnswered(search);
  }

  onFetch(from: ControllerId, fetch: Fetch): void {
    const { replica, bus } = this.#ports;
    const answer = (outcome: Fetched['outcome'], entry: Entry | null) =>
      bus.send(from, {
        type: 'fetched',
        id: fetch.id,
        outcome,
        effect: entry && setOfEntry(fetch.key, entry),
      });
    const record = replica.journal.newest(fetch.key);
    if (record === undefined || !sameVersion(record.version, fetch.version)) return answer('other', null);
    replica.readHere(fetch.key, fetch.version, (error, entry) => {
      if (error !== null) answer('failed', null);
      else answer(entry === null ? 'lost' : 'found', entry);
    });
  }

  onFetched(from: ControllerId, fetched: Fetched): void {
    const search = this.#searches.get(fetched.id);
    if (search === undefined || !search.asked.delete(from)) return;
    const { outcome, effect } = fetched;
    if (outcome === 'found' && isWanted(search.record, effect)) {
      const entry = entryOf(effect, effect.value);
      if (search.trouble === null) this.#ports.replica.restore(search.record.key, entry);
      this.#counters.fetched++;
      return this.#end(search, { kind: 'found', entry });
    }
    if (outcome === 'failed' || outcome === 'found') search.incomplete = true;
    if (outcome === 'other') search.unsettled = true;
    this.#concludeIfAnswered(search);
  }

  onPeerDown(peer: ControllerId): void {
    for (const search of this.#searches.values()) {
      if (!search.asked.delete(peer)) continue;
      search.incomplete = true;
      this.#concludeIfAnswered(search);
    }
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    if (this.#searches.size === 0) return;
    const since = this.#ports.clock.nowMs() - this.#ports.timeoutMs;
    for (const search of [...this.#searches.values()]) {
      if (search.startedMs <= since) {
        this.#fail(search, 'a peer did not answer in time');
      } else if (search.asked.size === 0) {
        this.#forget(search);
        this.#start(search);
      }
    }
  }

  #concludeIfAnswered(search: Search): void {
    if (search.asked.size > 0) return;
    const { replica } = this.#ports;
    const newest = replica.journal.newest(search.record.key);
    if (newest === undefined || !sameVersion(newest.version, search.record.version)) {
      this.#end(search, SUPERSEDED);
    } else if (search.incomplete) {
      this.#fail(search, 'not every peer could be asked for the value');
    } else if (search.unsettled) {
      return;
    } else if (search.trouble !== null) {
      this.#fail(search, 'no other controller has the value');
    } else {
      this.#forget(search);
      this.#counters.gone++;
      this.#losses.push({
        record: search.record,
        settled: () => tellAll(search, SUPERSEDED),
        failed: (failure) => tellAll(search, { kind: 'failed', failure }),
      });
    }
  }

  #fail(search: Search, because: string): void {
    this.#end(search, { kind: 'failed', failure: failureOf(search, because) });
  }

  #end(search: Search, outcome: FindOutcome): void {
    this.#forget(search);
    tellAll(search, outcome);
  }

  #forget(search: Search): void {
    this.#searches.delete(search.id);
    if (this.#byKey.get(search.record.key) === search) this.#byKey.delete(search.record.key);
  }
}

const NO_LOSSES: readonly Loss[] = [];

const SUPERSEDED: FindOutcome = { kind: 'superseded' };

function tellAll({ waiting }: Search, outcome: FindOutcome): void {
  for (const done of waiting) done(outcome);
}

/**
 * Whether the peer's answer is the write that was asked for. Any other value is refused: the store would have what
 * the journal does not name.
 */
function isWanted(
  { key, version }: JournalRecord,
  effect: Effect | null,
): effect is SetEffect & { readonly value: Buffer } {
  if (effect?.kind !== 'set' || effect.value === null) return false;
  return effect.key === key && sameVersion(effect.version, version);
}

/** A store that is down may still have the value. */
function failureOf({ trouble }: Search, because: string): RequestFailure {
  if (trouble === null) return failure('VALUE_LOST', `the local store lost the value, and ${because}`);
  return failure('STORE_DOWN', `the store is down: ${trouble}, and ${because}`);
}
