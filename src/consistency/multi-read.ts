import type { RequestFailure } from '../base/error-codes.ts';
import { Fifo } from '../base/fifo.ts';
import { failed, type Hit, type Reply } from '../protocol/reply.ts';
import type { GetAndTouchRequest, GetRequest } from '../protocol/request.ts';
import type { Reader, ReadFlow } from '../replication/read-flow.ts';
import type { RequestContext } from '../replication/request-context.ts';
import { hitOf, type VisibleEntry } from './hits.ts';
import type { Operation } from './operation.ts';

export interface MultiReadPorts {
  /** Reads or touches the key. Calls `onIssued` of the key read, and then its `onRead`, at once or later. */
  readonly read: (keyRead: KeyRead) => void;
  /** See `Scheme.readAgainFromMemory`. */
  readonly readAgainFromMemory: (bytes: number, done: () => void, keyRead: KeyRead) => void;
  /** Calls back in a later event-loop turn. */
  readonly nextTurn: (callback: () => void) => void;
  /** From now on only one reply holds this value: its memory may be used again once the reply has been sent. */
  readonly lend: (value: Buffer) => void;
}

/** Keys of one request that are begun in one event-loop turn. More: other clients wait longer. Fewer: more turns. */
const KEYS_PER_TURN = 256;

/** Keys of one request that are begun and not sent. A smaller request is sent as a whole, if its values fit. */
export const KEYS_AHEAD_MAX = 1024;

/**
 * A read of several keys. Keys are begun in their order while the client has budget for their values (`ReadFlow`) and
 * fewer than `KEYS_AHEAD_MAX` wait to be sent. If all of them fit, the reply is sent as a whole. Otherwise it is sent
 * in parts: when no more keys can be begun, the values that have come are sent in order, and budget is free again
 * once the client has taken them.
 *
 *  1. A key that a `get` names twice is not read twice while its first mention waits to be sent: the value is sent
 *     twice. A `gat` touches the key each time, because a touch that expires the entry leaves none for the next
 *     mention.
 *  2. A read that fails answers the request. If parts have been sent by then, the error takes the place of the rest.
 *  3. Each key is read between the beginning of the request and the end of its reply, and each value passes the check
 *     of its level by itself. The levels promise what they do key by key, so that is enough.
 */
export class MultiRead {
  readonly operation: Operation;
  readonly #request: GetRequest | GetAndTouchRequest;
  readonly #ports: MultiReadPorts;
  /** The key reads that are begun and not sent, in the order of the keys. */
  readonly #keyReads = new Fifo<KeyRead>();
  /** Of a `get`: the last of them for each key. */
  readonly #byKey = new Map<string, KeyRead>();
  /** The index of the next key to begin. */
  #next = 0;
  #begunInTurn = 0;
  /** Key reads that have no result yet. */
  #unread = 0;
  #unissued: number;
  /** Hits that have been sent. */
  #sent = 0;
  /** Bytes of the budget that the key reads of the last part held. */
  #partBytes = 0;
  #isRunning = false;

  constructor(operation: Operation, request: GetRequest | GetAndTouchRequest, ports: MultiReadPorts) {
    this.operation = operation;
    this.#request = request;
    this.#ports = ports;
    this.#unissued = request.keys.length;
    operation.whenNext(() => this.#onNext());
  }

  /** The reply is an error in any case: entries are read, and not sent. */
  get discardsEntries(): boolean {
    return this.#request.cutShort === true;
  }

  begin(): void {
    this.#run();
  }

  isFirst(keyRead: KeyRead): boolean {
    return this.#keyReads.first() === keyRead;
  }

  /** The key has got another group before it was read. */
  again(keyRead: KeyRead): void {
    this.#ports.read(keyRead);
  }

  onIssued(): void {
    if (--this.#unissued === 0) this.operation.onIssued();
    this.#run();
  }

  /** A key read that has waited for a write may find no budget after all others are done. */
  onBlocked(): void {
    this.operation.onBlocked();
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

  /** @returns false if no key can be begun now */
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
    const keyRead = new KeyRead(this, key);
    const earlier = this.#byKey.get(key);
    this.#keyReads.push(keyRead);
    if (this.#request.kind === 'get') this.#byKey.set(key, keyRead);
    this.#unread++;
    if (earlier === undefined) this.#ports.read(keyRead);
    else earlier.whenRead(() => keyRead.copy(earlier, this.#ports.readAgainFromMemory));
    return true;
  }

  get #isFull(): boolean {
    const begun = this.#keyReads.length;
    return begun >= KEYS_AHEAD_MAX || (begun > 0 && this.operation.flow.isBlocked);
  }

  /** Sends a part, or the end of the reply. @returns false if nothing more can be sent now */
  #sendPart(): boolean {
    if (this.#next === this.#request.keys.length && this.#unread === 0) {
      const hits = this.#takeRead();
      this.operation.finish(this.#sent === 0 ? { kind: 'hits', hits } : this.#lastPart(hits));
      return false;
    }
    const { operation } = this;
    if (!this.#isFull || !this.#keyReads.first()!.isRead || !operation.isNext) return false;
    const reservedBytes = operation.reservedBytes;
    const hits = this.#takeRead();
    this.#sent += hits.length;
    if (hits.length > 0) operation.sendPart(hits);
    operation.reserve(reservedBytes - this.#partBytes);
    operation.flow.retry();
    return true;
  }

  #lastPart(hits: readonly Hit[]): Reply {
    return { kind: 'hits', hits, hitsBefore: this.#sent };
  }

  /** Takes the key reads that have a result off the front. */
  #takeRead(): Hit[] {
    const { kind, withCas } = this.#request;
    const hits: Hit[] = [];
    this.#partBytes = 0;
    for (let keyRead = this.#keyReads.first(); keyRead?.isRead; keyRead = this.#keyReads.first()) {
      this.#keyReads.shift();
      this.#partBytes += keyRead.reservedBytes;
      if (this.#byKey.get(keyRead.key) === keyRead) this.#byKey.delete(keyRead.key);
      const { entry } = keyRead;
      if (entry === null) continue;
      if (kind === 'get' && !keyRead.isShared) this.#ports.lend(entry.value);
      hits.push(hitOf(keyRead.key, entry, withCas));
    }
    return hits;
  }
}

/** The read of one key of the request. */
export class KeyRead implements Reader {
  readonly key: string;
  readonly #multiRead: MultiRead;
  entry: VisibleEntry | null = null;
  isRead = false;
  readonly countsAsRead = true;
  /** Another key read has the same value. */
  isShared = false;
  #isIssued = false;
  #reservedBytes = 0;
  #waiting: (() => void)[] | null = null;

  constructor(multiRead: MultiRead, key: string) {
    this.#multiRead = multiRead;
    this.key = key;
  }

  get flow(): ReadFlow {
    return this.#multiRead.operation.flow;
  }

  get context(): RequestContext {
    return this.#multiRead.operation.context;
  }

  get hasMovedOn(): boolean {
    return this.#multiRead.operation.hasMovedOn;
  }

  get isGone(): boolean {
    return this.#multiRead.operation.done;
  }

  get isNextReply(): boolean {
    return this.#multiRead.isFirst(this) && this.#multiRead.operation.isNext;
  }

  get reservedBytes(): number {
    return this.#reservedBytes;
  }

  reserve(bytes: number): void {
    const { operation } = this.#multiRead;
    operation.reserve(operation.reservedBytes + bytes - this.#reservedBytes);
    this.#reservedBytes = bytes;
  }

  /** Reads or touches the key anew, wherever it is by now. */
  again(): void {
    this.#multiRead.again(this);
  }

  onIssued(): void {
    if (this.#isIssued) return;
    this.#isIssued = true;
    this.#multiRead.onIssued();
  }

  onBlocked(): void {
    this.#multiRead.onBlocked();
  }

  onDelayed(): void {
    this.#multiRead.operation.onDelayed();
  }

  onRead(failure: RequestFailure | null, entry: VisibleEntry | null): void {
    if (this.isGone) return;
    if (failure !== null) return this.#multiRead.operation.finish(failed(failure));
    this.entry = this.#multiRead.discardsEntries ? null : entry;
    if (this.entry === null) this.reserve(0);
    else if (this.#reservedBytes === 0) this.reserve(this.entry.value.length);
    this.isRead = true;
    for (const go of this.#waiting ?? []) go();
    this.#waiting = null;
    this.#multiRead.onRead();
  }

  whenRead(go: () => void): void {
    if (this.isRead) go();
    else if (this.#waiting === null) this.#waiting = [go];
    else this.#waiting.push(go);
  }

  /** Takes the result of an earlier read of the same key. */
  copy(earlier: KeyRead, readAgainFromMemory: MultiReadPorts['readAgainFromMemory']): void {
    const { entry } = earlier;
    if (this.isGone) return;
    if (entry === null) {
      this.onIssued();
      return this.onRead(null, null);
    }
    earlier.isShared = true;
    this.isShared = true;
    readAgainFromMemory(entry.value.length, () => this.onRead(null, entry), this);
  }
}
