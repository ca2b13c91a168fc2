/** Splits replies of memcached's text protocol into lines and blocks, as they arrive. */
export class ReplyReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #ended: Error | null = null;
  #wake: () => void = () => {};

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wake();
  }

  /** Makes pending and later reads fail with this error. */
  end(error: Error): void {
    this.#ended ??= error;
    this.#wake();
  }

  /** The next line, without its line end. */
  async line(): Promise<string> {
    for (let searched = 0; ; ) {
      const all = this.#joined();
      const at = all.indexOf('\r\n', searched, 'latin1');
      if (at >= 0) return this.#take(at + 2).toString('latin1', 0, at);
      searched = Math.max(0, all.length - 1);
      await this.#more();
    }
  }

  async block(bytes: number): Promise<Buffer> {
    while (this.#bytes < bytes) await this.#more();
    return this.#take(bytes);
  }

  #joined(): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  #take(bytes: number): Buffer {
    const all = this.#joined();
    this.#chunks = [all.subarray(bytes)];
    this.#bytes -= bytes;
    return all.subarray(0, bytes);
  }

  #more(): Promise<void> {
    if (this.#ended !== null) throw this.#ended;
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
