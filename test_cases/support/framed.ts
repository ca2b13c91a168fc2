import { ROOT_GROUP } from '../../src/membership/peer-bus.ts';
import { encodeMessage } from '../../src/peer/codec.ts';
import { LENGTH_BYTES } from '../../src/peer/frame-reader.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';

/** The messages in one frame, as a link sends them before it is protected. */
export function framed(...list: readonly PeerMessage[]): Buffer {
  return framedBytes(Buffer.concat(list.map((message) => encodeMessage(ROOT_GROUP, message))));
}

export function framedBytes(payload: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
}
