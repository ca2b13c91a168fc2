import { connect, type Socket } from 'node:net';
import type { Address } from '../../controller/settings.ts';
import { OperationError } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';
import { connectFailure } from './cli-connection.ts';

/** How long a controller may take to accept a connection, in milliseconds. */
const DIAL_TIMEOUT_MS = 2000;

/** Longest line of a stream, in bytes: a key in base64 is far shorter. */
const LINE_BYTES_MAX = 64 * 1024;

/**
 * The answer to one command as lines, as they come: for answers that are too long to be held, or that never end. While
 * the caller is busy with a line, no more is read.
 *
 * @param signal ends it early, without an error
 * @returns the lines in latin-1, without their ends, until the connection ends or the caller stops
 * @throws OperationError when there is no connection
 */
export async function* linesOf(
  address: Address,
  command: string,
  signal: AbortSignal,
): AsyncGenerator<string, void, void> {
  const socket = await dial(address);
  const stop = (): void => void socket.destroy();
  signal.addEventListener('abort', stop);
  try {
    socket.write(`${command}\r\n`);
    let rest = '';
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop()!;
      if (rest.length > LINE_BYTES_MAX) throw unreadable(address);
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof OperationError) throw error;
    throw new OperationError('UNREACHABLE', `${formatAddress(address)}: the connection was lost`, {
      cause: error,
    });
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

function unreadable(address: Address): OperationError {
  return new OperationError('UNREACHABLE', `${formatAddress(address)}: a line of the answer is too long`);
}

function dial(address: Address): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.host, port: address.port, noDelay: true });
    const fail = (reason: string, cause?: Error): void => {
      socket.destroy();
      reject(new OperationError('UNREACHABLE', `${formatAddress(address)}: ${reason}`, { cause }));
    };
    socket.setTimeout(DIAL_TIMEOUT_MS, () => fail('does not accept connections in time'));
    socket.once('error', (error) => fail(connectFailure(error), error));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners();
      resolve(socket);
    });
  });
}

/** All keys of a controller, in latin-1. @throws OperationError also when the controller refuses */
export async function* keysOf(address: Address, signal: AbortSignal): AsyncGenerator<string, void, void> {
  for await (const line of linesOf(address, 'lru_crawler mgdump all', signal)) {
    const [word, key = '', flag] = line.split(' ');
    if (word === 'EN') return;
    if (word === 'OK') continue;
    if (word !== 'mg')
      throw new OperationError('REQUEST_FAILED', `${formatAddress(address)} gives no keys: ${line}`);
    yield flag === 'b' ? Buffer.from(key, 'base64').toString('latin1') : key;
  }
  if (signal.aborted) return;
  const reason = 'the connection ended before all keys had come';
  throw new OperationError('UNREACHABLE', `${formatAddress(address)}: ${reason}`);
}
