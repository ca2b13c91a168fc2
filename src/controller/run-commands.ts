import type { NetworkAddress, Transport } from '../base/transport.ts';

export interface CommandRun {
  readonly transport: Transport;
  /** Of the controller that carries the commands out. */
  readonly address: NetworkAddress;
  /** As clients send them, with their line ends. */
  readonly commands: Buffer;
  readonly withinMs: number;
}

/** A longer answer is cut off, in bytes. */
export const ANSWER_BYTES_MAX = 1024 * 1024;

const CUT_OFF = `\r\n... cut off after ${ANSWER_BYTES_MAX} bytes`;

/**
 * Sends commands of the text protocol to a controller on a connection of their own, and ends that side of it: the
 * controller answers what it has got, and closes.
 *
 * @returns all that was answered; null when that did not end in time, or there was no connection
 */
export function runCommands({ transport, address, commands, withinMs }: CommandRun): Promise<string | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (answer: string | null): void => {
      clearTimeout(timer);
      resolve(answer);
      connection.destroy();
    };
    const text = () => Buffer.concat(chunks).toString();
    const connection = transport.connect(address, {
      onConnect: () => connection.end(commands),
      onData: (chunk, length) => {
        chunks.push(Buffer.from(chunk.subarray(0, length)));
        bytes += length;
        if (bytes > ANSWER_BYTES_MAX) settle(text().slice(0, ANSWER_BYTES_MAX) + CUT_OFF);
      },
      onEnd: () => settle(text()),
      onError: () => settle(null),
      onClose: () => settle(null),
    });
    const timer = setTimeout(() => settle(null), withinMs);
  });
}
