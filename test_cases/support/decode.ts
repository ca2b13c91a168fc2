import type { Request } from '../../src/protocol/request.ts';
import { TextProtocolDecoder } from '../../src/protocol/text-decoder.ts';

/** All requests of an input that arrives in these pieces; requests are read after each piece. */
export function decodePieces(pieces: readonly Buffer[], itemBytesMax: number): Request[] {
  const decoder = new TextProtocolDecoder({ itemBytesMax });
  const requests: Request[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    requests.push(...drain(decoder));
  }
  return requests;
}

/** A codec whose input may be lent. */
interface Lendable {
  lend(bytes: Buffer): void;
  keep(): void;
  next(): Request | null;
}

/**
 * All requests of an input whose pieces are lent, each in the same memory, which is overwritten in between. After each
 * piece a few requests are read at most, as by a connection that has had its turn.
 */
export function decodeLent(decoder: Lendable, pieces: readonly Buffer[], most: number): Request[] {
  const memory = Buffer.alloc(Math.max(0, ...pieces.map(({ length }) => length)));
  const requests: Request[] = [];
  const read = (atMost: number): void => {
    for (let left = atMost; left > 0; left--) {
      const request = decoder.next();
      if (request === null) return;
      requests.push(request);
    }
  };
  for (const piece of pieces) {
    piece.copy(memory);
    decoder.lend(memory.subarray(0, piece.length));
    read(most);
    decoder.keep();
    memory.fill('#');
  }
  read(Number.POSITIVE_INFINITY);
  return requests;
}

export function drain(decoder: TextProtocolDecoder): Request[] {
  const requests: Request[] = [];
  for (let request = decoder.next(); request !== null; request = decoder.next()) requests.push(request);
  return requests;
}

/** Cuts bytes after the given places, which may come in any order and more than once. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  const starts = [0, ...sorted];
  return starts.map((start, at) => bytes.subarray(start, starts[at + 1] ?? bytes.length));
}

export function cutEach(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}
