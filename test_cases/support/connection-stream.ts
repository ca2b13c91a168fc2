import { Duplex } from 'node:stream';
import type { Connection, ConnectionHandlers } from '../../src/base/transport.ts';

/**
 * The stream of a connection that is no socket.
 *
 * @param others the handlers of the connection's owner, who is told of everything but bytes
 */
export function streamOf(
  connection: Connection,
  first: Buffer,
  others: () => ConnectionHandlers | null,
): { readonly stream: Duplex; readonly handlers: ConnectionHandlers } {
  const stream = new Duplex({
    allowHalfOpen: true,
    read: () => connection.resume(),
    write: (chunk: Buffer, _, done) => connection.write(chunk, (error) => done(error ?? null)),
    final: (done) => connection.end('', () => done()),
    destroy: (error, done) => {
      connection.destroy();
      done(error);
    },
  });
  const handlers: ConnectionHandlers = {
    onData: (chunk, length) => {
      if (!stream.push(Buffer.from(chunk.subarray(0, length)))) connection.pause();
    },
    onDrain: () => others()?.onDrain?.(),
    onEnd: () => {
      stream.push(null);
      others()?.onEnd();
    },
    onError: (error) => {
      stream.destroy(error);
      others()?.onError(error);
    },
    onClose: () => {
      stream.destroy();
      others()?.onClose();
    },
  };
  if (first.length > 0) stream.push(first);
  return { stream, handlers };
}
