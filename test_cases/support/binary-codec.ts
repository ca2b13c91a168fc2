import { BinaryCodec } from '../../src/protocol/binary/binary-codec.ts';
import { ReplyBuffer } from '../../src/protocol/reply-buffer.ts';
import type { Request } from '../../src/protocol/request.ts';
import { SlabPool } from '../../src/protocol/slab-pool.ts';
import { readPackets, shown } from './binary-packets.ts';
import { DecidingStore } from './deciding-store.ts';

/** All requests of an input that arrives in these pieces; requests are read after each piece. */
export function decodeBinary(pieces: readonly Buffer[], itemBytesMax: number): Request[] {
  const codec = new BinaryCodec({ itemBytesMax });
  return pieces.flatMap((piece) => {
    codec.push(piece);
    return drainBinary(codec);
  });
}

export function drainBinary(codec: BinaryCodec): Request[] {
  const requests: Request[] = [];
  for (let request = codec.next(); request !== null; request = codec.next()) requests.push(request);
  return requests;
}

/**
 * Passes the input through the codec and a store.
 * @returns the answers, and whether the connection ends
 */
export function converseInProcess(
  pieces: readonly Buffer[],
  itemBytesMax: number,
): { output: string[]; closes: boolean } {
  const codec = new BinaryCodec({ itemBytesMax });
  const store = new DecidingStore(itemBytesMax);
  const out = new ReplyBuffer(new SlabPool());
  let closes = false;
  for (const piece of pieces) {
    codec.push(piece);
    for (const request of drainBinary(codec)) {
      closes ||= request.kind === 'quit' || (request.kind === 'invalid' && request.fatal);
      codec.encode(request, store.answer(request), out);
    }
  }
  return { output: readPackets(Buffer.concat(out.take())).map(shown), closes };
}
