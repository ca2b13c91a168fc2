import type { Gate } from '../membership/gate.ts';
import type { Draft, SetEffect } from '../ordering/effect.ts';
import { NO_VERSION, type Version } from '../ordering/version.ts';
import { failed, type Reply, serverError } from '../protocol/reply.ts';
import type { Reader } from '../replication/read-flow.ts';
import type { Replica } from '../replication/replica.ts';
import type { Scheme, WriteOutcome } from '../replication/scheme.ts';
import type { ConditionalRequest, Found, Verdict } from './conditional.ts';
import { decide, needsValue } from './decide.ts';
import type { Operation } from './operation.ts';
import type { Parked } from './parked.ts';
import { isNoticed, type ReadTimes } from './read-times.ts';

export interface DecisionPorts {
  readonly scheme: Scheme;
  readonly replica: Replica;
  readonly parked: Parked;
  readonly readTimes: ReadTimes;
  /** Whether an answer that changes nothing may be given. */
  readonly readGate: () => Gate;
  /** Cluster time, milliseconds since 1970. */
  readonly timeMs: () => number;
  readonly itemBytesMax: number;
}

/** @param version that the change was given; `NO_VERSION` when there was none */
export type OnDecided = (verdict: Verdict, version: Version) => void;

/**
 * The loop of decide, propose, decide again, for everything that depends on what a key holds.
 *
 * Decides on the newest state that will hold if all goes as foreseen, and proposes on the condition that it
 * does. An answer that changes nothing is a read, and is given only on what has been applied.
 */
export class Decision {
  readonly #ports: DecisionPorts;

  constructor(ports: DecisionPorts) {
    this.#ports = ports;
  }

  /** @param reader reads for it what it depends on */
  carryOut(operation: Operation, request: ConditionalRequest, reader: Reader, done: OnDecided): void {
    if (operation.done) return;
    const { scheme } = this.#ports;
    const predicted = scheme.predict(request.key);
    if (predicted === null) return this.#onApplied(operation, request, reader, done);
    const verdict = this.verdict(request, foundIn(predicted.effect));
    if (verdict.change !== null) {
      return this.#propose(operation, request, reader, verdict, predicted.version, done);
    }
    scheme.afterPending(request.key, () => this.#onApplied(operation, request, reader, done));
  }

  /** What the request does to an entry, or to the lack of one. */
  verdict(request: ConditionalRequest, found: Found | null): Verdict {
    const { timeMs, itemBytesMax } = this.#ports;
    const nowMs = timeMs();
    const expired = found !== null && found.expiresAtMs !== 0 && found.expiresAtMs <= nowMs;
    return decide(request, expired ? null : found, { nowMs, itemBytesMax });
  }

  #onApplied(operation: Operation, request: ConditionalRequest, reader: Reader, done: OnDecided): void {
    if (operation.done) return;
    const { scheme, replica, parked, readGate, readTimes } = this.#ports;
    const held = replica.heldVersion(request.key);
    const onFound = (found: Found | null) => {
      if (operation.done) return;
      const verdict = this.verdict(request, found);
      if (verdict.change === null)
        return parked.whenOpen(operation, readGate, () => done(verdict, NO_VERSION));
      if (scheme.predict(request.key) !== null) return this.carryOut(operation, request, reader, done);
      this.#propose(operation, request, reader, verdict, held, done);
    };
    const record = replica.journal.newest(request.key);
    if (!needsValue(request)) {
      const live = record !== undefined && replica.isLive(request.key);
      return onFound(live ? { ...record, flags: 0, value: EMPTY } : null);
    }
    readTimes.read(request.key, isNoticed(request), (readAtSec) =>
      replica.read(
        request.key,
        (failure, entry) => {
          if (failure !== null) operation.finish(failed(failure));
          else onFound(entry === null ? null : { ...entry, readAtSec });
        },
        reader,
      ),
    );
  }

  #propose(
    operation: Operation,
    request: ConditionalRequest,
    reader: Reader,
    verdict: Verdict,
    base: Version,
    done: OnDecided,
  ): void {
    const { scheme, parked, readTimes } = this.#ports;
    const writeGate = () => scheme.gate('write');
    if (writeGate().state !== 'open') {
      return parked.whenOpen(operation, writeGate, () => this.carryOut(operation, request, reader, done));
    }
    operation.proposed = true;
    const readAtSec = readTimes.after(request, verdict, base);
    const draft: Draft = { ...verdict.change!, key: request.key, base };
    scheme.write(draft, (outcome) => {
      if (outcome.kind === 'applied') {
        readTimes.note(request.key, outcome.version, readAtSec);
        return done(verdict, outcome.version);
      }
      if (outcome.kind === 'unknown') return operation.finish(unknownReply(outcome));
      operation.proposed = false;
      this.carryOut(operation, request, reader, done);
    });
  }
}

/** The answer to a write that may have happened or not. */
export function unknownReply(outcome: Extract<WriteOutcome, { kind: 'unknown' }>): Reply {
  return serverError(outcome.code, `outcome unknown: ${outcome.reason}`);
}

function foundIn(effect: SetEffect | null): Found | null {
  if (effect === null || effect.value === null) return null;
  return { ...effect, value: effect.value, readAtSec: 0 };
}

const EMPTY = Buffer.alloc(0);
