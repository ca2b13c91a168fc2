import type { Reply } from './reply.ts';
import type { ReplyBuffer } from './reply-buffer.ts';
import type { Request } from './request.ts';

/**
 * One protocol on one connection, without sockets: bytes become requests when the caller asks for the next one, and
 * replies become bytes. Input that is no request becomes an `InvalidRequest`, in its place among the requests.
 */
export interface ClientCodec {
  /** The codec owns the chunk from now on: values may be views of it. */
  push(chunk: Buffer): void;

  /** Like `push`, of bytes that may be overwritten after `keep`. */
  lend(bytes: Buffer): void;

  /** Copies what has not become a request of the bytes that were lent. */
  keep(): void;

  /** The next request. Null while it is not complete, and for ever after a request that ends the connection. */
  next(): Request | null;

  /** Bytes that were received and have not become a request. */
  readonly bufferedBytes: number;

  /** Writes the reply to a request of this codec. */
  encode(request: Request, reply: Reply, out: ReplyBuffer): void;
}
