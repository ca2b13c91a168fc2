import { type KvDriver, type StatsGroup, StoreError, type StoreState, type StoreStats } from './driver.ts';
import { refusalOfKey } from './key-check.ts';

/**
 * A store in this process, for clusters without memcached: a map with a bound in bytes, which evicts the least
 * recently used entry. Operations take effect when they are called. Their answers are given together, in order, once
 * the event loop has read everything that has arrived.
 *
 * It keeps nothing on disk.
 */
export class EmbeddedDriver implements KvDriver {
  readonly description = 'embedded';
  readonly #bytesMax: number;

  /** In order of use, because a Map iterates in order of insertion, and each use inserts the item again. */
  readonly #items = new Map<string, Buffer>();
  #bytes = 0;
  #evictions = 0;

  #answers: PendingAnswer[] = [];
  readonly #flush = (): void => this.#giveAnswers();
  #open = false;
  #onStateChange: (state: StoreState) => void = () => {};

  /** @param options bytesMax: most that keys, values and bookkeeping take */
  constructor(options: { readonly bytesMax: number }) {
    this.#bytesMax = options.bytesMax;
  }

  /** Keys, values and bookkeeping, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  open(onStateChange: (state: StoreState) => void): void {
    this.#onStateChange = onStateChange;
    this.#open = true;
    onStateChange({ up: true, itemBytesMax: this.#bytesMax });
  }

  get(key: string, done: (error: StoreError | null, bytes: Buffer | null) => void): void {
    const refusal = this.#refusal(key);
    this.#answer({ done, error: refusal, bytes: refusal === null ? this.#read(key) : null });
  }

  set(key: string, bytes: Buffer, done: (error: StoreError | null) => void): void {
    const refusal = this.#refusal(key) ?? this.#write(key, bytes);
    this.#answer({ done, error: refusal, bytes: null });
  }

  append(key: string, bytes: Buffer, done: (error: StoreError | null, found: boolean) => void): void {
    const held = this.#refusal(key) === null ? this.#items.get(key) : undefined;
    const isFound = held !== undefined;
    const refusal = this.#refusal(key) ?? (isFound ? this.#write(key, Buffer.concat([held, bytes])) : null);
    this.#answer({ done: (error) => done(error, isFound && error === null), error: refusal, bytes: null });
  }

  delete(key: string, done: (error: StoreError | null) => void): void {
    const refusal = this.#refusal(key);
    if (refusal === null) this.#drop(key);
    this.#answer({ done, error: refusal, bytes: null });
  }

  stats(group: StatsGroup, done: (error: StoreError | null, stats: StoreStats | null) => void): void {
    const stats = this.#stats(group);
    const answered = (error: StoreError | null): void => done(error, error === null ? stats : null);
    this.#answer({ done: answered, error: this.#open ? null : CLOSED, bytes: null });
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    for (const answer of this.#answers) {
      answer.error ??= CLOSED;
      answer.bytes = null;
    }
    this.#items.clear();
    this.#bytes = 0;
    this.#onStateChange({ up: false, reason: CLOSED.message });
    this.#giveAnswers();
  }

  #refusal(key: string): StoreError | null {
    return this.#open ? refusalOfKey(key) : CLOSED;
  }

  #read(key: string): Buffer | null {
    const bytes = this.#items.get(key);
    if (bytes === undefined) return null;
    this.#items.delete(key);
    this.#items.set(key, bytes);
    return bytes;
  }

  /** As in memcached, a value that is too large deletes the old one, which would be out of date. */
  #write(key: string, bytes: Buffer): StoreError | null {
    this.#drop(key);
    const size = itemBytes(key, bytes);
    if (size > this.#bytesMax) return TOO_LARGE;
    while (this.#bytes + size > this.#bytesMax) this.#evictOldest();
    this.#items.set(key, ownedBytes(bytes));
    this.#bytes += size;
    return null;
  }

  #evictOldest(): void {
    for (const key of this.#items.keys()) {
      this.#drop(key);
      this.#evictions++;
      return;
    }
  }

  #stats(group: StatsGroup): StoreStats {
    switch (group) {
      case '':
        return [
          ['limit_maxbytes', `${this.#bytesMax}`],
          ['bytes', `${this.#bytes}`],
          ['evictions', `${this.#evictions}`],
        ];
      case 'settings':
        return [['maxbytes', `${this.#bytesMax}`]];
      case 'slabs':
        return [
          ['active_slabs', '0'],
          ['total_malloced', `${this.#bytes}`],
        ];
      case 'reset':
        this.#evictions = 0;
        return [];
      case 'items':
        return [];
      case 'sizes':
        return [['sizes_status', 'disabled']];
    }
  }

  #drop(key: string): void {
    const bytes = this.#items.get(key);
    if (bytes === undefined) return;
    this.#items.delete(key);
    this.#bytes -= itemBytes(key, bytes);
  }

  #answer(answer: PendingAnswer): void {
    this.#answers.push(answer);
    if (this.#answers.length === 1) setImmediate(this.#flush);
  }

  #giveAnswers(): void {
    const answers = this.#answers;
    this.#answers = [];
    for (const { done, error, bytes } of answers) done(error, bytes);
  }
}

interface PendingAnswer {
  readonly done: (error: StoreError | null, bytes: Buffer | null) => void;
  error: StoreError | null;
  bytes: Buffer | null;
}

const CLOSED = new StoreError('STORE_DOWN', 'the embedded store is not open');
const TOO_LARGE = new StoreError('STORE_TOO_LARGE', 'the value is larger than the whole embedded store');

/**
 * Memory that an item takes besides its key and its value, in bytes: map slot, objects, and bookkeeping of the
 * allocators. It was measured as the growth of resident memory over a million items of 80 bytes.
 */
export const EMBEDDED_OVERHEAD_BYTES = 640;

function itemBytes(key: string, bytes: Buffer): number {
  return EMBEDDED_OVERHEAD_BYTES + key.length + bytes.length;
}

/**
 * A small buffer is a part of a shared pool, and would keep the whole pool in memory. It is copied into memory of its
 * own, so that the bytes that are counted are those that are used.
 */
function ownedBytes(bytes: Buffer): Buffer {
  if (bytes.length === bytes.buffer.byteLength) return bytes;
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
}
