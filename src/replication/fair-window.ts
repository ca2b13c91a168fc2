import { Fifo } from '../base/fifo.ts';

/** A read that waits for its turn. */
export interface WaitingRead {
  /** The bytes that the read is expected to bring. */
  readonly bytes: number;
  /** The value is not needed any more. */
  readonly isGone: () => boolean;
  /** Issues the read, whose bytes are counted from now on. */
  readonly go: () => void;
  /** The read is given up. */
  readonly drop: () => void;
}

/** A client, whose reads take turns with those of other clients. */
export interface Flow {
  /** Reads of it that wait for their turn. */
  queuedReads: number;
}

/** The waiting reads of one flow, and how many bytes of them may be issued before the turn passes on. */
interface Queue {
  readonly flow: Flow;
  readonly reads: Fifo<WaitingRead>;
  deficit: number;
}

/**
 * Bounds the bytes that reads under way will bring, and shares that bound between flows (one client's connection is
 * one flow), by deficit round robin (Shreedhar and Varghese, SIGCOMM 1995) with new flows first, as in FQ-CoDel
 * (RFC 8290, section 4.2).
 *
 * A read that finds the window open and no one waiting passes at once, at the cost of two comparisons. Otherwise:
 *  1. A flow that has not waited lately comes first, with up to `QUANTUM_BYTES`. So the small read of a client that
 *     has one request under way waits for the window to open, which is for `bytesMax` and one value at the most, and
 *     for other flows of its kind, and never for what greedy flows have queued.
 *  2. All others take turns, `QUANTUM_BYTES` a turn; a value that is larger is saved up for over several turns.
 *  3. A flow that has run out of reads takes one turn among the others before it counts as new again; so no flow can
 *     stay ahead by asking for little at a time.
 */
export class FairWindow {
  readonly #bytesMax: number;
  readonly #requestTurnEnd: () => void;
  readonly #queues = new Map<Flow, Queue>();
  readonly #fresh = new Fifo<Queue>();
  readonly #others = new Fifo<Queue>();
  #bytes = 0;
  #turnBytes = 0;
  #isDispatching = false;

  /**
   * @param bytesMax reads are issued while fewer bytes than this are under way
   * @param requestTurnEnd has `onTurnEnd` called at the end of this event-loop turn
   */
  constructor(bytesMax: number, requestTurnEnd: () => void) {
    this.#bytesMax = bytesMax;
    this.#requestTurnEnd = requestTurnEnd;
  }

  /** The number of flows that have reads waiting, or had a moment ago. */
  get flows(): number {
    return this.#queues.size;
  }

  /** Bytes that reads under way are expected to bring. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @returns true when the read may be issued now, and its bytes count; false: it has to `wait` */
  enter(bytes: number): boolean {
    if (this.#bytes >= this.#bytesMax || this.#queues.size > 0) return false;
    this.#bytes += bytes;
    return true;
  }

  wait(flow: Flow, read: WaitingRead): void {
    let queue = this.#queues.get(flow);
    if (queue === undefined) {
      queue = { flow, reads: new Fifo(), deficit: QUANTUM_BYTES };
      this.#queues.set(flow, queue);
      this.#fresh.push(queue);
    }
    queue.reads.push(read);
    flow.queuedReads++;
    this.#dispatch();
  }

  /** A read that was issued has been answered. */
  leave(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#queues.size > 0) this.#dispatch();
  }

  /** A read that was issued has been answered from memory: its bytes count until the end of the turn. */
  leaveAtTurnEnd(bytes: number): void {
    if (this.#turnBytes === 0) this.#requestTurnEnd();
    this.#turnBytes += bytes;
  }

  onTurnEnd(): void {
    const bytes = this.#turnBytes;
    if (bytes === 0) return;
    this.#turnBytes = 0;
    this.leave(bytes);
  }

  /** Issuing a read may answer others at once, which opens the window further. The loop sees that. */
  #dispatch(): void {
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    while (this.#bytes < this.#bytesMax) {
      const list = this.#fresh.length > 0 ? this.#fresh : this.#others;
      const queue = list.first();
      if (queue === undefined) break;
      this.#serve(queue, list);
    }
    this.#isDispatching = false;
  }

  /** Takes one step with the flow whose turn it is: each issues or drops a read, or gives the turn to the next flow. */
  #serve(queue: Queue, list: Fifo<Queue>): void {
    const read = queue.reads.first();
    if (read === undefined) {
      list.shift();
      if (list === this.#fresh) this.#others.push(queue);
      else this.#queues.delete(queue.flow);
    } else if (read.isGone()) {
      takeFirst(queue);
      read.drop();
    } else if (queue.deficit < read.bytes) {
      queue.deficit += QUANTUM_BYTES;
      list.shift();
      this.#others.push(queue);
    } else {
      takeFirst(queue);
      queue.deficit -= read.bytes;
      this.#bytes += read.bytes;
      read.go();
    }
  }
}

function takeFirst({ reads, flow }: Queue): void {
  reads.shift();
  flow.queuedReads--;
}

/** What a flow may issue in its turn, in bytes. Larger: fewer turns. Smaller: flows with small values wait for less. */
export const QUANTUM_BYTES = 65_536;
