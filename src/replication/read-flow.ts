import type { Flow } from './fair-window.ts';
import type { RequestContext } from './request-context.ts';

/** The bytes that may be read for one client. The bound on all clients together is part of it. */
export interface ReadBudget {
  /**
   * Whether so many more bytes may be read now.
   *
   * @param awaited everything else that is reserved for the client waits for these bytes, so that only the bound on all
   *   clients counts
   */
  fits(bytes: number, awaited: boolean): boolean;

  /** Reserves so many more bytes for the client, or fewer if the number is negative. */
  reserve(bytes: number): void;
}

/** The reader of one value: an operation, or one key of a multi-key read. */
export interface Reader {
  /** The reads of the same client. */
  readonly flow: ReadFlow;

  /** The context of the request that reads. */
  readonly context: RequestContext;

  /**
   * The client has gone on to a later request. The newest value may by now be newer than what the client has seen
   * since, and must not be given to this reader.
   */
  readonly hasMovedOn: boolean;

  /** The reader has been answered, or its client has left: the value is not needed any more. */
  readonly isGone: boolean;

  /** The next bytes that the client can be sent depend on this read alone. */
  readonly isNextReply: boolean;

  /** The read sets the time of the entry's last read. */
  readonly countsAsRead: boolean;

  /** Bytes that are reserved for the reader: for a value that it expects, or has got and not handed on. */
  readonly reservedBytes: number;

  /** Has so many bytes reserved for the reader from now on. */
  reserve(bytes: number): void;

  /** The read has been handed to the store, or needs no store. Later requests of the client come after it. */
  onIssued(): void;

  /** The read waits for writes of its key that are under way. */
  onDelayed(): void;

  /** The read waits for budget. Values that can be sent should be sent now, since that frees budget. */
  onBlocked(): void;
}

interface BlockedRead {
  readonly reader: Reader;
  readonly bytes: number;
  readonly go: () => void;
}

/**
 * The reads of one client that wait for budget. The bytes of a value are reserved before the value is read. Reads go
 * on in their order, except that the read of the next reply goes first.
 */
export class ReadFlow implements Flow {
  queuedReads = 0;
  readonly #budget: ReadBudget;
  #blocked: BlockedRead[] = [];
  #isRetrying = false;

  constructor(budget: ReadBudget) {
    this.#budget = budget;
  }

  /** A read waits for budget, so nothing more should be started for this client. */
  get isBlocked(): boolean {
    return this.#blocked.length > 0;
  }

  /** Reserves the bytes if they fit. @returns false if the read has to `wait` */
  take(reader: Reader, bytes: number): boolean {
    if (this.#blocked.length > 0 && !reader.isNextReply) return false;
    if (!this.#fits(reader, bytes)) return false;
    reader.reserve(bytes);
    return true;
  }

  /** @param go called once the bytes have been reserved */
  wait(reader: Reader, bytes: number, go: () => void): void {
    this.#blocked.push({ reader, bytes, go });
    reader.onBlocked();
  }

  /** To be called when budget may be free again. */
  retry(): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { reader, bytes, go } = next;
      if (!reader.isGone) {
        if (!this.#fits(reader, bytes)) break;
        reader.reserve(bytes);
      }
      this.#blocked.splice(this.#blocked.indexOf(next), 1);
      if (!reader.isGone) go();
    }
    this.#isRetrying = false;
  }

  reserve(bytes: number): void {
    this.#budget.reserve(bytes);
  }

  #fits(reader: Reader, bytes: number): boolean {
    return this.#budget.fits(bytes - reader.reservedBytes, reader.isNextReply);
  }

  #next(): BlockedRead | undefined {
    return this.#blocked.find(({ reader }) => reader.isNextReply) ?? this.#blocked[0];
  }
}
