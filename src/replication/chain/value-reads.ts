import type { ControllerId } from '../../base/number-kinds.ts';
import { type Reader, ReadFlow } from '../read-flow.ts';
import type { ReadDone, ReplicaReads } from '../replica-reads.ts';
import { OWN_CONTEXT } from '../request-context.ts';

/**
 * Reads of the values that the head needs for its decisions. Each controller that asks has a flow of its own, and a
 * bound on the bytes under way, so that none of them holds up the others, or the clients of the head.
 */
export class ValueReads {
  readonly #reads: ReplicaReads;
  readonly #flows = new Map<ControllerId, ReadFlow>();
  /** Reads of an earlier generation are not wanted any more. */
  #generation = 0;

  constructor(reads: ReplicaReads) {
    this.#reads = reads;
  }

  /** Nothing that is under way is wanted any more. */
  forget(): void {
    this.#generation++;
    for (const flow of this.#flows.values()) flow.retry();
  }

  /** @param done is not called once the value is not wanted any more */
  read(from: ControllerId, key: string, done: (...result: Parameters<ReadDone>) => void): void {
    const generation = this.#generation;
    const flow = this.#flows.get(from) ?? flowOf();
    this.#flows.set(from, flow);
    const reader = new ValueReader(flow, () => generation !== this.#generation);
    this.#reads.read(
      key,
      (failure, entry, readAtSec) => {
        reader.reserve(0);
        if (!reader.isGone) done(failure, entry, readAtSec);
        flow.retry();
      },
      reader,
    );
  }
}

class ValueReader implements Reader {
  readonly flow: ReadFlow;
  readonly context = OWN_CONTEXT;
  readonly hasMovedOn = false;
  readonly isNextReply = false;
  /** The client reads the entry at the controller that was asked. */
  readonly countsAsRead = false;
  reservedBytes = 0;
  readonly #isGone: () => boolean;

  constructor(flow: ReadFlow, isGone: () => boolean) {
    this.flow = flow;
    this.#isGone = isGone;
  }

  get isGone(): boolean {
    return this.#isGone();
  }

  reserve(bytes: number): void {
    this.flow.reserve(bytes - this.reservedBytes);
    this.reservedBytes = bytes;
  }

  onIssued(): void {}

  onDelayed(): void {}

  onBlocked(): void {}
}

/** The flow of one controller. A value that is larger than the bound is read alone. */
function flowOf(): ReadFlow {
  let reserved = 0;
  return new ReadFlow({
    fits: (bytes) => reserved === 0 || reserved + bytes <= VALUES_BYTES_MAX,
    reserve: (bytes) => {
      reserved += bytes;
    },
  });
}

/** The values that are read for one controller at a time, in bytes. */
const VALUES_BYTES_MAX = 4_194_304;
