import type { Clock } from '../base/clock.ts';
import type { ControllerId, GroupNumber, MonotonicMs, VersionTime } from '../base/number-kinds.ts';
import { type Effect, isOfKey } from '../ordering/effect.ts';
import type { Group } from './group.ts';
import type { RangeAsk, RangePart } from './range-messages.ts';
import { RangePurge } from './range-purge.ts';

export interface RangeFetchPorts {
  readonly from: GroupNumber;
  /** The controllers that have a part in that group, the one to ask first in front. */
  readonly sources: readonly ControllerId[];
  readonly to: Group;
  readonly isOf: (key: string) => boolean;
  readonly isUp: (peer: ControllerId) => boolean;
  readonly send: (peer: ControllerId, message: RangeAsk) => void;
  /** The clock that stamps writes here has to be past this version time. */
  readonly observe: (time: VersionTime) => void;
  /** A number that no other copy of this run has. */
  readonly nextCopy: () => number;
  readonly clock: Clock;
}

/** A source that says nothing for so long is given up, in milliseconds. */
const SILENT_MS = 1_000;

/** Between two parts while little is missing, and after a part that could not be sent, in milliseconds. */
const PAUSE_MS = 100;

/**
 * Fetches the records of some keys for a group of this controller, from a member of another group, in which this
 * controller has no part. As `RangeCopy`, but the values come as well, and go into the store.
 *
 *  1. One part is under way at a time. A part that is not the answer to the last question is ignored.
 *  2. When the source is gone, the link has ended, or the source says so, what has come is forgotten, and all begins
 *     anew. A source says so that has not heard another controller of the move for a moment.
 *  3. It is finished when a source that has all that its group has, behind the barrier, has sent the end, and the store
 *     has taken all values.
 */
export class RangeFetch {
  readonly #ports: RangeFetchPorts;
  #purge: RangePurge | null = null;
  #source: ControllerId | null = null;
  #copy = 0;
  #isAsked = false;
  /** The next question may be sent. */
  #dueMs: MonotonicMs = 0;
  #askedMs: MonotonicMs = 0;
  #barrier = 0;
  #isCopied = false;
  #hasEnd = false;
  #storing = 0;
  #copied = 0;
  #surplusKeys = 0;
  #newest: VersionTime[] = [];
  #isOver = false;
  trouble = '';

  constructor(ports: RangeFetchPorts) {
    this.#ports = ports;
    this.#begin();
  }

  get to(): Group {
    return this.#ports.to;
  }

  /** This controller has no part in the group that the records come from. */
  readonly from = null;

  /** The part is one of these records. */
  isOf({ from, to }: RangePart): boolean {
    return from === this.#ports.from && to === this.#ports.to.number;
  }

  get isCopied(): boolean {
    return this.#isCopied;
  }

  get isFinished(): boolean {
    return this.#hasEnd && this.#storing === 0;
  }

  get copied(): number {
    return this.#copied;
  }

  get surplusKeys(): number {
    return this.#surplusKeys;
  }

  get newest(): readonly VersionTime[] {
    return this.#newest;
  }

  end(): void {
    this.#isOver = true;
  }

  /** The first group takes no writes any more. @param barrier epoch of the placement that says so */
  finish(_expiredBeforeMs: number, barrier: number): void {
    this.#barrier = barrier;
  }

  settle(): void {
    this.#ports.to.scheme.adopt(this.#newest);
  }

  /** To be called every few milliseconds. */
  step(): void {
    if (this.#isOver || this.#hasEnd) return;
    if (this.#purge !== null) {
      this.#purge.step();
      if (!this.#purge.isDone) return;
      this.#purge = null;
    }
    const { to, isUp, clock } = this.#ports;
    const { state } = to.replica.journal;
    this.trouble = state.writable ? this.trouble : state.reason;
    if (!state.writable) return;
    const nowMs = clock.nowMs();
    const isSilent = this.#isAsked && nowMs - this.#askedMs >= SILENT_MS;
    if (this.#source !== null && (isSilent || !isUp(this.#source))) return this.#begin();
    if (!this.#isAsked && nowMs >= this.#dueMs) this.#ask();
  }

  /** The link to the peer has ended: what it sends on another one is not the next part. */
  onPeerDown(peer: ControllerId): void {
    if (peer === this.#source && !this.#hasEnd) this.#begin();
  }

  onPart(from: ControllerId, part: RangePart): void {
    const isNext = from === this.#source && this.#isAsked && part.copy === this.#copy;
    if (this.#isOver || !isNext) return;
    this.#isAsked = false;
    this.trouble = part.trouble;
    if (part.state === 'anew') return this.#begin();
    // mutant: fetch-forgets-tombstones
    for (const effect of part.effects) this.#take(effect);
    if (part.state === 'end') {
      this.#hasEnd = true;
      this.#ports.to.scheme.sessions?.inherit(part.depends);
    }
    if (part.state !== 'more') this.#isCopied = true;
    const waits = part.trouble !== '' || (part.state === 'little' && this.#barrier === 0);
    this.#dueMs = waits ? this.#ports.clock.nowMs() + PAUSE_MS : 0;
    this.step();
  }

  #begin(): void {
    const { to, isOf } = this.#ports;
    this.#isCopied = false;
    this.#hasEnd = false;
    this.#isAsked = false;
    this.#source = null;
    this.#copied = 0;
    this.#surplusKeys = 0;
    this.#newest = [];
    this.#purge = new RangePurge(to.replica.journal, isOf, (key) => to.replica.dropValue(key));
  }

  #ask(): void {
    const { sources, isUp, from, to, send, nextCopy, clock } = this.#ports;
    if (this.#source === null) {
      const up = sources.filter(isUp);
      // Another source each time, so that one that does not answer is not asked for ever.
      this.#copy = nextCopy();
      this.#source = up[this.#copy % Math.max(1, up.length)] ?? null;
    }
    if (this.#source === null) {
      this.trouble = 'no controller that has the keys can be reached';
      return;
    }
    this.#isAsked = true;
    this.#askedMs = clock.nowMs();
    const barrier = this.#barrier;
    send(this.#source, { type: 'range-ask', from, to: to.number, copy: this.#copy, barrier });
  }

  #take(effect: Effect): void {
    const { to, observe } = this.#ports;
    observe(effect.version.time);
    const copy = this.#copy;
    this.#storing++;
    const { journal } = to.replica;
    const keysBefore = journal.keys;
    const { node, time } = effect.version;
    // mutant: feeds-what-is-fetched
    to.replica.copied.advance(node, time);
    const isNew = to.replica.apply(effect, (error) => {
      this.#storing--;
      if (error !== null && copy === this.#copy && !this.#isOver) {
        this.#begin();
        this.trouble = 'the store of this controller does not take the values';
      }
    });
    if (!isNew || !isOfKey(effect)) return;
    this.#copied++;
    this.#surplusKeys += journal.keys - keysBefore;
    while (this.#newest.length <= node) this.#newest.push(0);
    this.#newest[node] = Math.max(this.#newest[node]!, time);
  }
}
