import type { CommandWord } from './command-words.ts';

/**
 * `silent`: a command with `noreply`, which may yet be answered with an error, followed by `BARRIER`: the reply
 * is whatever stands before the answer to that, usually nothing. `dump`: lines up to `END` or `EN`, or a refusal.
 */
export type ReplyShape = Exclude<CommandWord['reply'], 'close'> | 'silent' | 'dump';

/** Sent behind a command with `noreply`. */
export const BARRIER = 'version\r\n';

/** A whole reply: its lines and data blocks, each without its line end. */
export interface ReplyParts {
  readonly parts: readonly Buffer[];
  /** `ERROR`, `CLIENT_ERROR …` or `SERVER_ERROR …` ended it. */
  readonly failed: boolean;
}

/** What is received does not follow the protocol; the connection cannot be used further. */
export class ProtocolViolation extends Error {
  readonly code = 'PROTOCOL_VIOLATION';
}

/** Longest line of a reply in bytes, `show json` of a large cluster included. */
const LINE_BYTES_MAX = 1024 * 1024;

/** Longest data block in bytes: above memcached's largest `-I`. */
const BLOCK_BYTES_MAX = 1024 * 1024 * 1024 + 1024;

const ERROR_LINE = /^(ERROR|CLIENT_ERROR|SERVER_ERROR)( |$)/;

const LAST_OF_LINES: ReadonlySet<string> = new Set(['END', 'OK', 'RESET']);

/** The last line of a dump, and the refusals that memcached has for one. */
const LAST_OF_DUMP = /^(END|EN|(BUSY|BADCLASS|NOTSTARTED) .*)$/;

/**
 * Finds where a reply ends. Bytes come in however the network cuts them; values may hold any bytes, line ends
 * included, since a data block is counted and never searched.
 */
export class TextReplyReader {
  readonly #shape: ReplyShape;
  readonly #parts: Buffer[] = [];
  #chunks: Buffer[] = [];
  #received = 0;
  /** Bytes of the data block under way, its line end included; 0: a line is. */
  #blockBytes = 0;

  constructor(shape: ReplyShape) {
    this.#shape = shape;
  }

  /**
   * @returns the reply once it is whole, else null
   * @throws ProtocolViolation
   */
  push(chunk: Buffer): ReplyParts | null {
    this.#chunks.push(chunk);
    this.#received += chunk.length;
    if (this.#received < this.#blockBytes) return null;
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    for (;;) {
      const length = this.#blockBytes > 0 ? this.#blockLength(rest) : lineLength(rest);
      if (length === null) break;
      const part = rest.subarray(0, length);
      rest = rest.subarray(length);
      if (this.#blockBytes > 0 ? this.#onBlock(part) : this.#onLine(withoutLineEnd(part)))
        return this.#whole(rest);
    }
    this.#chunks = [rest];
    this.#received = rest.length;
    return null;
  }

  #blockLength(rest: Buffer): number | null {
    return rest.length < this.#blockBytes ? null : this.#blockBytes;
  }

  /** @returns true when the reply ends with this block */
  #onBlock(block: Buffer): boolean {
    this.#blockBytes = 0;
    if (block.at(-2) !== 13 || block.at(-1) !== 10)
      throw new ProtocolViolation('a value does not end where it should');
    this.#parts.push(block.subarray(0, -2));
    return this.#shape === 'item';
  }

  /** @returns true when the reply ends with this line */
  #onLine(line: Buffer): boolean {
    const text = line.toString('latin1');
    if (this.#shape === 'silent' && text.startsWith('VERSION ')) return true;
    this.#parts.push(line);
    if (this.#shape === 'silent' || this.#shape === 'item') {
      if (text.startsWith('VA ')) this.#expectBlock(text.split(' ')[1]);
      return this.#shape === 'item' && this.#blockBytes === 0;
    }
    if (ERROR_LINE.test(text)) return true;
    switch (this.#shape) {
      case 'values':
        if (text.startsWith('VALUE ')) this.#expectBlock(text.split(' ')[3]);
        return text === 'END';
      case 'lines':
        return LAST_OF_LINES.has(text);
      case 'dump':
        return LAST_OF_DUMP.test(text);
      case 'line':
        return true;
    }
  }

  #expectBlock(length: string | undefined): void {
    const bytes = /^\d{1,10}$/.test(length ?? '') ? Number(length) : Number.NaN;
    if (!(bytes <= BLOCK_BYTES_MAX)) throw new ProtocolViolation('a value has no length that makes sense');
    this.#blockBytes = bytes + 2;
  }

  #whole(rest: Buffer): ReplyParts {
    if (rest.length > 0) throw new ProtocolViolation('there is more behind the reply than was asked for');
    const last = this.#parts.at(-1)?.toString('latin1') ?? '';
    return { parts: this.#parts, failed: ERROR_LINE.test(last) };
  }
}

function lineLength(rest: Buffer): number | null {
  const end = rest.indexOf(10);
  if (end > LINE_BYTES_MAX || (end < 0 && rest.length > LINE_BYTES_MAX)) {
    throw new ProtocolViolation('a line of the reply is too long');
  }
  return end < 0 ? null : end + 1;
}

function withoutLineEnd(line: Buffer): Buffer {
  return line.subarray(0, line.at(-2) === 13 ? -2 : -1);
}
