import type { Clock } from '../../base/clock.ts';
import type { ControllerId, MonotonicMs } from '../../base/number-kinds.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import type { Effect, SetEffect } from '../../ordering/effect.ts';
import { sameVersion, type Version } from '../../ordering/version.ts';
import { entryOf, setOfEntry } from '../entry-effect.ts';
import type { Replica } from '../replica.ts';
import type { FetchedMany, FetchMany, RestoreMessage, Wanted } from './messages.ts';

export interface BatchFetchPorts {
  readonly replica: Replica;
  readonly bus: PeerBus<RestoreMessage>;
  /** The other controllers. */
  readonly peers: () => readonly ControllerId[];
  readonly clock: Clock;
  /** A peer that has not answered within this time is passed over. */
  readonly timeoutMs: number;
}

/** The result of a batch. */
export interface Batch {
  /** The writes whose values a peer had, with the values. */
  readonly found: readonly SetEffect[];
  /** Keys whose value a peer may still have that could not answer now. */
  readonly unsettled: readonly string[];
}

/** A batch that is being fetched. */
interface Search {
  /** The id of the question to the peer that is asked now. */
  id: number;
  peer: ControllerId;
  askedMs: MonotonicMs;
  readonly wanted: Map<string, Version>;
  /** The peers that are asked after it. */
  readonly others: ControllerId[];
  readonly unsettled: Set<string>;
  readonly found: SetEffect[];
  readonly done: (batch: Batch) => void;
}

/**
 * Fetches the values of many writes for a store that has lost them, from one peer after the other, so that each value
 * travels once. It only fills the store. If no peer has a value, a later read finds that out (`Repair`).
 */
export class BatchFetch {
  readonly #ports: BatchFetchPorts;
  readonly #searches = new Map<number, Search>();
  #lastId = 0;

  constructor(ports: BatchFetchPorts) {
    this.#ports = ports;
  }

  /** @param done called once the store has taken what was found; perhaps before this returns */
  fetch(keys: readonly string[], done: (batch: Batch) => void): void {
    const { bus, replica } = this.#ports;
    const peers = this.#ports.peers();
    const wanted = new Map<string, Version>();
    for (const key of keys) {
      const record = replica.journal.newest(key);
      if (record !== undefined && !record.tombstone) wanted.set(key, record.version);
    }
    const up = peers.filter((peer) => bus.isUp(peer));
    // Each batch begins with another peer, so that all peers share the work.
    const turn = up.length === 0 ? 0 : this.#lastId % up.length;
    const others = [...up.slice(turn), ...up.slice(0, turn)];
    const unsettled = new Set(up.length < peers.length ? wanted.keys() : []);
    this.#askNext({ id: 0, peer: 0, askedMs: 0, wanted, others, unsettled, found: [], done });
  }

  onRequest(from: ControllerId, { id, wanted }: FetchMany): void {
    const outcomes = new Array<FetchedMany['outcomes'][number]>(wanted.length);
    const effects: Effect[] = [];
    let waiting = wanted.length + 1;
    const one = (): void => {
      if (--waiting === 0) this.#ports.bus.send(from, { type: 'fetched-many', id, outcomes, effects });
    };
    wanted.forEach((write, index) => {
      this.#find(write, (outcome, effect) => {
        outcomes[index] = outcome;
        if (effect !== null) effects.push(effect);
        one();
      });
    });
    one();
  }

  onResponse(from: ControllerId, { id, outcomes, effects }: FetchedMany): void {
    const search = this.#searches.get(id);
    if (search === undefined || search.peer !== from) return;
    this.#searches.delete(id);
    [...search.wanted.keys()].forEach((key, index) => {
      if (outcomes[index] !== 'lost') search.unsettled.add(key);
    });
    let waiting = 1;
    const one = (): void => {
      if (--waiting === 0) this.#askNext(search);
    };
    for (const effect of effects) {
      if (effect.kind !== 'set' || effect.value === null) continue;
      const { key, value } = effect;
      const version = search.wanted.get(key);
      if (version === undefined || !sameVersion(version, effect.version)) continue;
      search.wanted.delete(key);
      search.unsettled.delete(key);
      search.found.push(effect);
      waiting++;
      this.#ports.replica.restore(key, entryOf(effect, value), one);
    }
    one();
  }

  onPeerDown(peer: ControllerId): void {
    for (const search of [...this.#searches.values()]) if (search.peer === peer) this.#passOver(search);
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    if (this.#searches.size === 0) return;
    const lateMs = this.#ports.clock.nowMs() - this.#ports.timeoutMs;
    for (const search of [...this.#searches.values()]) if (search.askedMs <= lateMs) this.#passOver(search);
  }

  #askNext(search: Search): void {
    const { bus, clock } = this.#ports;
    const peer = search.wanted.size === 0 ? undefined : search.others.shift();
    if (peer === undefined) {
      return search.done({ found: search.found, unsettled: [...search.unsettled] });
    }
    this.#lastId = (this.#lastId + 1) >>> 0;
    search.id = this.#lastId;
    search.peer = peer;
    search.askedMs = clock.nowMs();
    this.#searches.set(search.id, search);
    const wanted = Array.from(search.wanted, ([key, version]) => ({ key, version }));
    bus.send(peer, { type: 'fetch-many', id: search.id, wanted });
  }

  #passOver(search: Search): void {
    this.#searches.delete(search.id);
    for (const key of search.wanted.keys()) search.unsettled.add(key);
    this.#askNext(search);
  }

  #find(
    { key, version }: Wanted,
    done: (outcome: FetchedMany['outcomes'][number], effect: Effect | null) => void,
  ): void {
    const { replica } = this.#ports;
    const record = replica.journal.newest(key);
    if (record === undefined || !sameVersion(record.version, version)) return done('other', null);
    replica.readHere(key, version, (error, entry) => {
      if (error !== null) done('failed', null);
      else if (entry === null) done('lost', null);
      else done('found', setOfEntry(key, entry));
    });
  }
}
