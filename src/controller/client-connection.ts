import type { Socket } from 'node:net';
import type { Coordinator } from '../consistency/coordinator.ts';
import { ClientSession } from '../consistency/session.ts';
import type { ClientCodec } from '../protocol/client-codec.ts';
import type { Reply } from '../protocol/reply.ts';
import { ReplyBuffer } from '../protocol/reply-buffer.ts';
import type { Request } from '../protocol/request.ts';

export interface ClientPorts {
  readonly coordinator: Coordinator;
  /** Requests in progress at once; further ones wait in the socket. */
  readonly pipelineMax: number;
  /** Has `flush` called at the end of this event-loop turn. */
  readonly onOutput: (connection: ClientConnection) => void;
  readonly onReply: (request: Request, reply: Reply) => void;
  readonly onBytes: (read: number, written: number) => void;
  readonly onClose: (connection: ClientConnection) => void;
}

/** Replies that wait to be sent on one connection, in bytes, before no more of its requests are read. */
export const OUTPUT_BYTES_MAX = 4 * 1_048_576;

/** How long a client may take to close its side after the last reply, in milliseconds. */
const LINGER_MS = 1_000;

/**
 * One client's socket: bytes to requests, replies to bytes. Slows the client down, by not reading, when it has
 * too much in progress or does not take its replies.
 */
export class ClientConnection {
  readonly #socket: Socket;
  readonly #ports: ClientPorts;
  readonly #codec: ClientCodec;
  readonly #session: ClientSession;
  readonly #output = new ReplyBuffer();
  #paused = false;
  #decoding = false;
  /** The client will send no more; what it has sent is still carried out. */
  #inputEnded = false;
  /** No more requests are taken; once all are answered, the connection ends. */
  #ending = false;
  #flushAsked = false;
  #closed = false;

  constructor(socket: Socket, codec: ClientCodec, ports: ClientPorts) {
    this.#socket = socket;
    this.#ports = ports;
    this.#codec = codec;
    this.#session = new ClientSession(ports.coordinator, (request, reply) => this.#onReply(request, reply));
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('drain', () => this.#resume());
    socket.on('end', () => {
      this.#inputEnded = true;
      this.#decode();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#onClose());
  }

  /** Takes in bytes, from the socket or read from it before. */
  receive(chunk: Buffer): void {
    if (this.#ending) return;
    this.#ports.onBytes(chunk.length, 0);
    this.#codec.push(chunk);
    this.#decode();
  }

  /** Starts requests that were waiting for the engine. */
  drain(): void {
    this.#session.drain();
  }

  /** Writes what has been answered in this turn. */
  flush(): void {
    this.#flushAsked = false;
    if (this.#closed) return;
    const bytes = this.#output.byteLength;
    if (bytes > 0) {
      this.#socket.cork();
      for (const part of this.#output.take()) this.#socket.write(part);
      this.#socket.uncork();
      this.#ports.onBytes(0, bytes);
    }
    if (this.#ending && this.#session.inProgress === 0) this.#end();
    else this.#resume();
  }

  /** Answers what has been asked, then ends the connection. */
  finish(): void {
    this.#ending = true;
    this.#askFlush();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #decode(): void {
    if (this.#decoding) return;
    this.#decoding = true;
    while (!this.#ending) {
      if (this.#isFull()) {
        this.#pause();
        break;
      }
      const request = this.#codec.next();
      if (request === null) {
        if (this.#inputEnded) this.finish();
        break;
      }
      if (request.kind === 'quit' || (request.kind === 'invalid' && request.fatal)) this.finish();
      this.#session.submit(request);
    }
    this.#decoding = false;
  }

  #isFull(): boolean {
    return (
      this.#session.inProgress >= this.#ports.pipelineMax ||
      this.#output.byteLength + this.#socket.writableLength >= OUTPUT_BYTES_MAX
    );
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  #resume(): void {
    if (!this.#paused || this.#isFull()) return;
    this.#paused = false;
    this.#socket.resume();
    this.#decode();
  }

  #onReply(request: Request, reply: Reply): void {
    this.#ports.onReply(request, reply);
    if (this.#closed) return;
    this.#codec.encode(request, reply, this.#output);
    this.#askFlush();
  }

  #askFlush(): void {
    if (this.#flushAsked) return;
    this.#flushAsked = true;
    this.#ports.onOutput(this);
  }

  /**
   * Closing at once would reset the connection while the client is still sending, and lose the last replies
   * on their way: so the client gets time to close its side.
   */
  #end(): void {
    if (this.#socket.writableEnded) return;
    this.#socket.end(() => {
      setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    });
    this.#socket.resume();
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ending = true;
    this.#ports.onClose(this);
  }
}
