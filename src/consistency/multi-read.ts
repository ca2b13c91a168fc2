import type { RequestFailure } from '../base/error-codes.ts';
import { Fifo } from '../base/fifo.ts';
import { failed, type Hit, type Reply } from '../protocol/reply.ts';
import type { GetAndTouchRequest, GetRequest } from '../protocol/request.ts';
import type { Reader, ReadFlow } from '../replication/read-flow.ts';
import type { RequestContext } from '../replication/request-context.ts';
import { hitOf, type VisibleEntry } from './hits.ts';
import type { Operation } from './operation.ts';

export interface MultiReadPorts {
  /** Reads the part's key, or touches it; calls its `onIssued`, and then its `onRead`, at once or later. */
  readonly read: (part: KeyRead) => void;
  /** See `Scheme.giveAgain`. */
  readonly giveAgain: (bytes: number, done: () => void, part: KeyRead) => void;
  /** Goes on after others have had their turn. */
  readonly nextTurn: (callback: () => void) => void;
  /** One reply alone has this value from now on: its memory may be used again once that has been sent. */
  readonly lend: (value: Buffer) => void;
}

/** Keys of one request that are begun before others get their turn. */
const KEYS_PER_TURN = 256;

/** Keys of one request that are begun and not handed out. A request of fewer is answered as a whole, if its values fit. */
export const KEYS_AHEAD_MAX = 1024;

/**
 * A read of several keys, worked off piece by piece: keys are begun in their order, as long as there is room for what
 * they will bring (`ReadFlow`) and not more than `KEYS_AHEAD_MAX` wait to be handed out. Where all fit, the reply goes
 * out as a whole. Otherwise what has come goes out in order, in parts, each when no more can be begun, and the client's
 * taking it makes room for the next.
 *
 *  1. A key that a `get` names again while an earlier mention of it has not been handed out is not read again: the value
 *     is given twice. A `gat` touches it each time: one that expires the entry has it gone by the next mention.
 *  2. A read that fails answers the request. If parts have gone out by then, the error stands in the place of the rest.
 *  3. Each key is read between the beginning of the request and the end of its reply, and each value is handed on only
 *     after the level's own check: the levels promise what they do key by key.
 */
export class MultiRead {
  readonly operation: Operation;
  readonly #request: GetRequest | GetAndTouchRequest;
  readonly #ports: MultiReadPorts;
  /** Begun, and not handed out. */
  readonly #parts = new Fifo<KeyRead>();
  /** Of those that read without touching, the last one of each key. */
  readonly #byKey = new Map<string, KeyRead>();
  /** The next key to begin. */
  #next = 0;
  #begunInTurn = 0;
  /** Parts that have no answer yet. */
  #unread = 0;
  #unissued: number;
  /** Hits that have gone out. */
  #given = 0;
  /** What the parts that were taken last had of the client's room. */
  #takenBytes = 0;
  #isRunning = false;

  constructor(operation: Operation, request: GetRequest | GetAndTouchRequest, ports: MultiReadPorts) {
    this.operation = operation;
    this.#request = request;
    this.#ports = ports;
    this.#unissued = request.keys.length;
    operation.onNext = () => this.#onNext();
  }

  /** What is read is not given out: an error is to follow. */
  get isForNothing(): boolean {
    return this.#request.cutShort === true;
  }

  begin(): void {
    this.#run();
  }

  isFirst(part: KeyRead): boolean {
    return this.#parts.first() === part;
  }

  onIssued(): void {
    if (--this.#unissued === 0) this.operation.onIssued();
    this.#run();
  }

  /** A read that waited for a write of its key may find that there is no room, when all others are done. */
  onHeldUp(): void {
    this.#run();
  }

  onRead(): void {
    this.#unread--;
    this.#run();
  }

  #onNext(): void {
    this.operation.flow.retry();
    this.#run();
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (!this.operation.done && (this.#beginNext() || this.#sendPart()));
    this.#isRunning = false;
  }

  /** @returns false when no key can be begun now */
  #beginNext(): boolean {
    const { keys } = this.#request;
    if (this.#next === keys.length || this.#isFull || this.#begunInTurn > KEYS_PER_TURN) return false;
    if (++this.#begunInTurn > KEYS_PER_TURN) {
      this.#ports.nextTurn(() => {
        this.#begunInTurn = 0;
        this.#run();
      });
      return false;
    }
    const key = keys[this.#next++]!;
    const part = new KeyRead(this, key);
    const earlier = this.#byKey.get(key);
    this.#parts.push(part);
    if (this.#request.kind === 'get') this.#byKey.set(key, part);
    this.#unread++;
    if (earlier === undefined) this.#ports.read(part);
    else earlier.whenRead(() => part.copy(earlier, this.#ports.giveAgain));
    return true;
  }

  get #isFull(): boolean {
    const begun = this.#parts.length;
    return begun >= KEYS_AHEAD_MAX || (begun > 0 && this.operation.flow.isHeldUp);
  }

  /** @returns false when nothing can go out now */
  #sendPart(): boolean {
    if (this.#next === this.#request.keys.length && this.#unread === 0) {
      const hits = this.#takeRead();
      this.operation.finish(this.#given === 0 ? { kind: 'hits', hits } : this.#lastPart(hits));
      return false;
    }
    const { operation } = this;
    if (!this.#isFull || !this.#parts.first()!.isRead || !operation.isNext) return false;
    const heldBytes = operation.heldBytes;
    const hits = this.#takeRead();
    this.#given += hits.length;
    if (hits.length > 0) operation.sendPart(hits);
    operation.hold(heldBytes - this.#takenBytes);
    operation.flow.retry();
    return true;
  }

  #lastPart(hits: readonly Hit[]): Reply {
    return { kind: 'hits', hits, hitsBefore: this.#given };
  }

  /** Takes what has been read off the front. */
  #takeRead(): Hit[] {
    const { kind, withCas } = this.#request;
    const hits: Hit[] = [];
    this.#takenBytes = 0;
    for (let part = this.#parts.first(); part?.isRead; part = this.#parts.first()) {
      this.#parts.shift();
      this.#takenBytes += part.heldBytes;
      if (this.#byKey.get(part.key) === part) this.#byKey.delete(part.key);
      const { entry } = part;
      if (entry === null) continue;
      if (kind === 'get' && !part.isShared) this.#ports.lend(entry.value);
      hits.push(hitOf(part.key, entry, withCas));
    }
    return hits;
  }
}

/** One key of the request. */
export class KeyRead implements Reader {
  readonly key: string;
  readonly #whole: MultiRead;
  entry: VisibleEntry | null = null;
  isRead = false;
  readonly countsAsRead = true;
  /** Its value is in another part, too. */
  isShared = false;
  #isIssued = false;
  #heldBytes = 0;
  #waiting: (() => void)[] | null = null;

  constructor(whole: MultiRead, key: string) {
    this.#whole = whole;
    this.key = key;
  }

  get flow(): ReadFlow {
    return this.#whole.operation.flow;
  }

  get context(): RequestContext {
    return this.#whole.operation.context;
  }

  get isOvertaken(): boolean {
    return this.#whole.operation.isOvertaken;
  }

  get isGone(): boolean {
    return this.#whole.operation.done;
  }

  get isAwaited(): boolean {
    return this.#whole.isFirst(this) && this.#whole.operation.isNext;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  hold(bytes: number): void {
    const { operation } = this.#whole;
    operation.hold(operation.heldBytes + bytes - this.#heldBytes);
    this.#heldBytes = bytes;
  }

  onIssued(): void {
    if (this.#isIssued) return;
    this.#isIssued = true;
    this.#whole.onIssued();
  }

  onHeldUp(): void {
    this.#whole.onHeldUp();
  }

  onRead(failure: RequestFailure | null, entry: VisibleEntry | null): void {
    if (this.isGone) return;
    if (failure !== null) return this.#whole.operation.finish(failed(failure));
    this.entry = this.#whole.isForNothing ? null : entry;
    if (this.entry === null) this.hold(0);
    else if (this.#heldBytes === 0) this.hold(this.entry.value.length);
    this.isRead = true;
    for (const go of this.#waiting ?? []) go();
    this.#waiting = null;
    this.#whole.onRead();
  }

  whenRead(go: () => void): void {
    if (this.isRead) go();
    else if (this.#waiting === null) this.#waiting = [go];
    else this.#waiting.push(go);
  }

  /** Takes over what an earlier part of the same key has read. */
  copy(earlier: KeyRead, giveAgain: MultiReadPorts['giveAgain']): void {
    const { entry } = earlier;
    if (this.isGone) return;
    if (entry === null) {
      this.onIssued();
      return this.onRead(null, null);
    }
    earlier.isShared = true;
    this.isShared = true;
    giveAgain(entry.value.length, () => this.onRead(null, entry), this);
  }
}
