const EMPTY = Buffer.alloc(0);

/** The bytes that were received and not read yet, chunk by chunk, without copying. */
export class ReceiveQueue {
  /** The chunk to read from. Its unread part begins at `at`, which the caller moves. */
  chunk: Buffer = EMPTY;
  at = 0;
  /** The chunk is overwritten after `keep`. */
  isLent = false;
  #later: Buffer[] = [];
  #laterHead = 0;
  #laterBytes = 0;

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.unreadInChunk === 0 && this.#laterBytes === 0) {
      this.chunk = chunk;
      this.at = 0;
      return;
    }
    this.#later.push(chunk);
    this.#laterBytes += chunk.length;
  }

  /** Like `push`, of a chunk that the owner may overwrite after `keep`. */
  lend(chunk: Buffer): void {
    if (this.byteLength > 0) return this.push(Buffer.from(chunk));
    this.push(chunk);
    this.isLent = true;
  }

  /** Copies what is left of a chunk that was lent. */
  keep(): void {
    if (!this.isLent) return;
    this.isLent = false;
    this.chunk = this.unreadInChunk === 0 ? EMPTY : Buffer.from(this.chunk.subarray(this.at));
    this.at = 0;
  }

  get unreadInChunk(): number {
    return this.chunk.length - this.at;
  }

  get byteLength(): number {
    return this.unreadInChunk + this.#laterBytes;
  }

  /** Moves to a chunk with an unread byte. @returns false if there is none */
  fill(): boolean {
    if (this.at < this.chunk.length) return true;
    this.#dropChunk();
    if (this.#laterBytes === 0) return false;
    this.chunk = this.#later[this.#laterHead++]!;
    this.#laterBytes -= this.chunk.length;
    if (this.#laterHead === this.#later.length) {
      this.#later = [];
      this.#laterHead = 0;
    }
    return true;
  }

  clear(): void {
    this.#dropChunk();
    this.#later = [];
    this.#laterHead = 0;
    this.#laterBytes = 0;
  }

  #dropChunk(): void {
    this.chunk = EMPTY;
    this.at = 0;
    this.isLent = false;
  }
}
