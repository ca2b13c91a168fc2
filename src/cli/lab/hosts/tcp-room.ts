import type { Connection, ConnectionHandlers } from '../../../base/transport.ts';
import { FrameReader, LENGTH_BYTES } from '../../../peer/frame-reader.ts';
import { NODE_TRANSPORT } from '../../../transport/node-transport.ts';
import { systemCodeOf } from '../../failure.ts';
import { freePorts } from '../../process/free-ports.ts';
import type { Wire, WireHandlers, WireRoom } from '../participants/wire.ts';

const HOST = '127.0.0.1';

/** The largest frame: an exchange brings about 1 MiB at a time, and the lines of a script are short. */
const FRAME_BYTES_MAX = 16_777_216;

/** Connections that may wait to be accepted: there are fewer participants. */
const BACKLOG = 64;

/** Connections over TCP, between processes of this machine. */
export class TcpRoom implements WireRoom {
  /** Processes of one machine read the same clock. */
  nowMs(): number {
    return Number(process.hrtime.bigint()) / 1e6;
  }

  async listen(onWire: (wire: Wire) => WireHandlers): Promise<number> {
    for (;;) {
      const [port] = await freePorts(1);
      try {
        await NODE_TRANSPORT.listen({ host: HOST, port: port! }, BACKLOG, (connection) => {
          connection.handle(handlersOf(connection, onWire(wireOf(connection))));
        });
        return port!;
      } catch (error) {
        // Another program has taken the port since.
        if (systemCodeOf(error) !== 'EADDRINUSE') throw error;
      }
    }
  }

  dial(port: number, handlers: WireHandlers): Promise<Wire> {
    return new Promise((resolve, reject) => {
      let connection: Connection | null = null;
      let failure = new Error(`nothing answers on port ${port}`);
      connection = NODE_TRANSPORT.connect(
        { host: HOST, port },
        {
          onConnect: () => {
            connection!.handle(handlersOf(connection!, handlers));
            resolve(wireOf(connection!));
          },
          onData: () => {},
          onEnd: () => {},
          onError: (error) => {
            failure = error;
          },
          onClose: () => reject(failure),
        },
      );
    });
  }
}

function wireOf(connection: Connection): Wire {
  return {
    send: (frame) => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(frame.length);
      connection.write(Buffer.concat([length, frame]));
    },
    close: () => connection.destroy(),
  };
}

function handlersOf(connection: Connection, { onFrame, onClosed }: WireHandlers): ConnectionHandlers {
  const reader = new FrameReader(FRAME_BYTES_MAX);
  return {
    onData: (chunk) => {
      try {
        reader.push(chunk, onFrame);
      } catch {
        // Another program has found the port.
        connection.destroy();
      }
    },
    onEnd: () => connection.destroy(),
    onError: () => {},
    onClose: onClosed,
  };
}
