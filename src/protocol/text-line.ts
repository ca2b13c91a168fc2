const SPACE = 0x20;
const NUL = 0x00;

/** memcached splits so many words off a line at a time. Only `get` and `gat` read on. */
export const WORDS_MAX = 23;

const EMPTY = Buffer.alloc(0);
const NOREPLY = Buffer.from('noreply', 'latin1');

/**
 * The words of one command line, as positions in the receive buffer: no string is made before one is asked for. One
 * instance serves a whole connection, so its words are valid until the next `read`.
 *
 * As in memcached, only a space separates words, and a NUL byte ends the line: the rest of the line is ignored.
 */
export class TextLine {
  bytes: Buffer = EMPTY;
  /** The number of words that have been split off, at most `WORDS_MAX`. */
  count = 0;
  readonly #starts = new Int32Array(WORDS_MAX);
  readonly #ends = new Int32Array(WORDS_MAX);
  #rest = 0;
  #end = 0;

  /** Splits bytes[start, end), which is a line without its line end. */
  read(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.#rest = start;
    this.#end = end;
    this.#split();
  }

  /** Replaces the words by the next ones of the line. @returns false if there are no more */
  readOn(): boolean {
    if (this.#rest >= this.#end) return false;
    this.#split();
    return true;
  }

  /** Drops the reference to the receive buffer, so that an idle connection does not keep it. */
  release(): void {
    this.bytes = EMPTY;
  }

  startOf(word: number): number {
    return this.#starts[word]!;
  }

  endOf(word: number): number {
    return this.#ends[word]!;
  }

  lengthOf(word: number): number {
    return this.#ends[word]! - this.#starts[word]!;
  }

  /** The word as a latin-1 string, one character per byte. */
  text(word: number): string {
    return this.bytes.toString('latin1', this.#starts[word], this.#ends[word]);
  }

  is(word: number, wanted: Buffer): boolean {
    return this.lengthOf(word) === wanted.length && this.startsWith(word, wanted);
  }

  startsWith(word: number, wanted: Buffer): boolean {
    const start = this.#starts[word]!;
    if (this.lengthOf(word) < wanted.length) return false;
    for (let at = 0; at < wanted.length; at++) {
      if (this.bytes[start + at] !== wanted[at]) return false;
    }
    return true;
  }

  endsWithNoreply(): boolean {
    return this.is(this.count - 1, NOREPLY);
  }

  #split(): void {
    const bytes = this.bytes;
    const end = this.#end;
    let at = this.#rest;
    let count = 0;
    while (count < WORDS_MAX) {
      while (at < end && bytes[at] === SPACE) at++;
      const start = at;
      while (at < end && bytes[at] !== SPACE && bytes[at] !== NUL) at++;
      if (at > start) {
        this.#starts[count] = start;
        this.#ends[count++] = at;
      }
      if (at >= end || bytes[at] === NUL) {
        at = end;
        break;
      }
    }
    this.count = count;
    this.#rest = at;
  }
}
