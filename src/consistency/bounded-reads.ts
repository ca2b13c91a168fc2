import type { Clock } from '../base/clock.ts';
import { failure } from '../base/error-codes.ts';
import type { MonotonicMs } from '../base/number-kinds.ts';
import { type Gate, OPEN, waitBecause } from '../membership/gate.ts';
import type { Reader } from '../replication/read-flow.ts';
import type { ReadDone } from '../replication/replica-reads.ts';
import type { GateQueue } from './gate-queue.ts';
import type { Rerouting } from './hop/rerouting.ts';
import type { Operation } from './operation.ts';
import { gateIn, isOvertaken, MOVING, proofGateOf, type RequestRouter, type ServedPart } from './policies.ts';
import type { ReadsServed } from './reads-served.ts';

export interface BoundedReadsPorts {
  readonly router: RequestRouter;
  readonly gates: GateQueue;
  readonly rerouting: Rerouting;
  readonly clock: Clock;
  /** The controllers have agreed on the time. */
  readonly isTimed: () => boolean;
  /** Is counted up with every key that is read. */
  readonly served: ReadsServed;
}

/**
 * Reads with a bound on staleness: such a read, given out at a moment `t`, shows every write that was answered anywhere
 * before `t` minus the bound.
 *
 *  1. Before the read is issued, the scheme tells a moment of which it is proven that every write answered before it is
 *     applied here (`Freshness`). What is applied later is newer still.
 *  2. The value is given out only if that moment is at most as old as the bound when the value has come.
 *  3. The controllers have agreed on the time. A wrong clock would take entries for expired, and flushes for due, that
 *     are not: no write may be missing for that either.
 *  4. Where the proof is too old, a strong read takes its place if the scheme has one, or else the read waits for a
 *     newer proof. Where neither can come, the read is refused with the reason.
 */
export class BoundedReads {
  readonly #ports: BoundedReadsPorts;

  constructor(ports: BoundedReadsPorts) {
    this.#ports = ports;
  }

  /** Whether a read with this bound may start now. While another group takes the keyspace over, it may not. */
  gate(keyspace: ServedPart, maxAgeMs: number): Gate {
    if (keyspace.hold === 'all') return MOVING;
    // mutant: bounded-by-a-wrong-clock
    if (!this.#ports.isTimed()) return UNTIMED;
    const { scheme } = keyspace.group;
    const ageMs = this.#ports.clock.nowMs() - this.#provenMs(keyspace);
    const proof = proofGateOf(keyspace);
    if (ageMs <= maxAgeMs && proof.state === 'open') return scheme.gate('read');
    const gate = proof.state === 'open' ? scheme.freshness.seek() : proof;
    if (gate.state === 'open') return OPEN;
    const last = Number.isFinite(ageMs)
      ? `the last proof is ${Math.ceil(ageMs)} ms old`
      : 'there is no proof yet';
    const reason = `not proven to be at most ${maxAgeMs} ms old: ${last}, and ${gate.reason}`;
    return { state: gate.state, code: 'STALE', reason };
  }

  /** Calls `done` only once the value may be given out. */
  read(operation: Operation, key: string, maxAgeMs: number, done: ReadDone, reader: Reader): void {
    if (operation.done) return;
    const { clock, served, router, rerouting } = this.#ports;
    if (rerouting.leaves(operation, key, reader)) return;
    const keyspace = router.partHere(key);
    const provenMs = this.#provenMs(keyspace);
    // mutant: bound-is-ignored
    const isFresh = () => clock.nowMs() - provenMs <= maxAgeMs;
    const isProven = isFresh() && proofGateOf(keyspace).state === 'open';
    if (!isProven || gateIn(keyspace, 'read').state !== 'open')
      return this.#whenOpen(operation, key, maxAgeMs, done, reader);
    const { reads } = keyspace.policy;
    const { scheme } = keyspace.group;
    const onRead: ReadDone = (failed, entry, readAtSec) => {
      const part = router.partOf(key);
      const isTold = failed === null && entry !== null;
      const isLate = part.elsewhere !== null && !isTold;
      if (isLate && !reader.hasMovedOn && rerouting.leaves(operation, key, reader)) return;
      const isToRepeat = isLate || isOvertaken(part, scheme, isTold);
      if (isToRepeat || !isFresh()) return this.#again(operation, key, maxAgeMs, done, reader);
      if (failed === null) served.bounded++;
      operation.noteAge(Math.ceil(clock.nowMs() - provenMs));
      done(failed, entry, readAtSec);
    };
    scheme.read(key, reads === 'strong' ? 'local' : reads, onRead, reader);
  }

  /** The proof is too old, or what is applied here must not be read. */
  #whenOpen(operation: Operation, key: string, maxAgeMs: number, done: ReadDone, reader: Reader): void {
    const { gates, clock, router, rerouting } = this.#ports;
    const go = () => {
      if (rerouting.leaves(operation, key, reader)) return;
      const isFresh = clock.nowMs() - this.#provenMs(router.partHere(key)) <= maxAgeMs;
      if (isFresh) this.read(operation, key, maxAgeMs, done, reader);
      else this.#readStrongly(operation, key, maxAgeMs, done, reader);
    };
    const gate = () => {
      const part = router.partOf(key);
      return part.elsewhere === null ? this.gate(part, maxAgeMs) : OPEN;
    };
    gates.when(operation, gate, go);
  }

  #readStrongly(operation: Operation, key: string, maxAgeMs: number, done: ReadDone, reader: Reader): void {
    const { router, served, rerouting } = this.#ports;
    const { scheme } = router.partHere(key).group;
    const onRead: ReadDone = (failed, entry, readAtSec) => {
      if (rerouting.leaves(operation, key, reader)) return;
      const keyspace = router.partHere(key);
      const isToRepeat = isOvertaken(keyspace, scheme, failed === null && entry !== null);
      if (isToRepeat || gateIn(keyspace, 'strong-read').state !== 'open')
        return this.#again(operation, key, maxAgeMs, done, reader);
      if (failed === null) served.linearizability++;
      done(failed, entry, readAtSec);
    };
    scheme.read(key, 'strong', onRead, reader);
  }

  /**
   * The value has come too late. A client that has gone on must not be given a newer one, since it may have seen an
   * older one of the key meanwhile.
   */
  #again(operation: Operation, key: string, maxAgeMs: number, done: ReadDone, reader: Reader): void {
    if (reader.hasMovedOn) done(TOO_LATE, null, 0);
    else this.#whenOpen(operation, key, maxAgeMs, done, reader);
  }

  /** Only the group of the keyspace can prove anything of it: another one says nothing of its writes. */
  #provenMs(keyspace: ServedPart): MonotonicMs {
    // mutant: proof-of-another-group
    return keyspace.group.scheme.freshness.provenMs;
  }
}

const UNTIMED = waitBecause('CLOCK_UNKNOWN', 'the controllers have not yet agreed on the time');

const TOO_LATE = failure('STALE', 'the value came too late for the bound of the read; try again');
