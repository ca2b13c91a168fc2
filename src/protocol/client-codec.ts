import type { Reply } from './reply.ts';
import type { ReplyBuffer } from './reply-buffer.ts';
import type { Request } from './request.ts';

/**
 * One protocol on one connection: bytes to requests, by pull, and replies to bytes. No sockets. What comes in
 * as no request comes out as `InvalidRequest`, in its place.
 */
export interface ClientCodec {
  /** The chunk now belongs to the codec: values may be views of it. */
  push(chunk: Buffer): void;

  /** The next request; null when more bytes are needed for it, and for ever after one that ends the connection. */
  next(): Request | null;

  /** Bytes held. */
  readonly bufferedBytes: number;

  /** Writes the answer to a request that came from this codec. */
  encode(request: Request, reply: Reply, out: ReplyBuffer): void;
}
