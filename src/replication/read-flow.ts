import type { Flow } from './fair-window.ts';
import type { RequestContext } from './request-context.ts';

/** What one client may have read for it, in bytes; the bound of all clients together is in it, too. */
export interface Room {
  /**
   * So many bytes more may be asked for now.
   *
   * @param awaited everything else that the client holds waits for these bytes, so that only the bound of all clients
   *   counts
   */
  admits(bytes: number, awaited: boolean): boolean;

  /** So many bytes more are held for the client, or fewer where it is negative. */
  hold(bytes: number): void;
}

/** Somebody who reads one value. */
export interface Reader {
  /** Whose read it is. */
  readonly flow: ReadFlow;

  /** What goes with the request that reads. */
  readonly context: RequestContext;

  /**
   * It has gone on: what is newest by now may be newer than what it has read or written since, and may not be given
   * to it in the place of what it would have read.
   */
  readonly isOvertaken: boolean;

  /** It has been answered, or its client has left: what it has asked for is no longer wanted. */
  readonly isGone: boolean;

  /** What its client can be given next depends on this read alone. */
  readonly isAwaited: boolean;

  /** The time of the entry's last read moves. */
  readonly countsAsRead: boolean;

  /** Of the room of its flow, in bytes: for what it expects, or has got and not handed on. */
  readonly heldBytes: number;

  /** It is to hold so many bytes from now on. */
  hold(bytes: number): void;

  /** The read has been handed to the store, or needs none: what the client asks next comes after it. */
  onIssued(): void;

  /** The read waits for room: what its client can be given already should go out, since that makes room. */
  onHeldUp(): void;
}

interface Held {
  readonly reader: Reader;
  readonly bytes: number;
  readonly go: () => void;
}

/**
 * One client's reads, as far as they have not been issued since there is no room for what they will bring: bytes are
 * counted before they are asked for. They go on in their order, but for the one that its client waits for first.
 */
export class ReadFlow implements Flow {
  turnsAwaited = 0;
  readonly #room: Room;
  #held: Held[] = [];
  #isRetrying = false;

  constructor(room: Room) {
    this.#room = room;
  }

  /** A read waits for room: nothing more should be started for this client. */
  get isHeldUp(): boolean {
    return this.#held.length > 0;
  }

  /** @returns true when there is room, which is taken; false: the read has to `wait` */
  take(reader: Reader, bytes: number): boolean {
    if (this.#held.length > 0 && !reader.isAwaited) return false;
    if (!this.#admits(reader, bytes)) return false;
    reader.hold(bytes);
    return true;
  }

  /** @param go called when there is room, which is taken */
  wait(reader: Reader, bytes: number, go: () => void): void {
    this.#held.push({ reader, bytes, go });
    reader.onHeldUp();
  }

  /** There may be room again. */
  retry(): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { reader, bytes, go } = next;
      if (!reader.isGone) {
        if (!this.#admits(reader, bytes)) break;
        reader.hold(bytes);
      }
      this.#held.splice(this.#held.indexOf(next), 1);
      if (!reader.isGone) go();
    }
    this.#isRetrying = false;
  }

  hold(bytes: number): void {
    this.#room.hold(bytes);
  }

  #admits(reader: Reader, bytes: number): boolean {
    return this.#room.admits(bytes - reader.heldBytes, reader.isAwaited);
  }

  #next(): Held | undefined {
    return this.#held.find(({ reader }) => reader.isAwaited) ?? this.#held[0];
  }
}
