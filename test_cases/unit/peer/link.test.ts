import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../../../src/peer/codec.ts';
import { HELLO_BYTES_MAX, LINK_BYTES_MAX, Link } from '../../../src/peer/link.ts';
import type { PeerMessage } from '../../../src/peer/messages.ts';

/** A socket that remembers what each write to the system would have been. */
class SocketDouble extends Duplex {
  readonly writes: Buffer[] = [];

  setNoDelay(): this {
    return this;
  }

  destroySoon(): void {
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.writes.push(chunk);
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.writes.push(Buffer.concat(chunks.map(({ chunk }) => chunk)));
    done();
  }
}

const next = (exchange: number): PeerMessage => ({ type: 'sync-next', exchange });

function linked() {
  const socket = new SocketDouble();
  const received: PeerMessage[] = [];
  const closings: string[] = [];
  let heard = 0;
  const link = new Link(socket as unknown as Socket, {
    onBytes: () => heard++,
    onMessage: (message) => received.push(message),
    onClose: (reason) => closings.push(reason),
  });
  return { socket, link, received, closings, heard: () => heard };
}

describe('a link', () => {
  it('sends what gathered in a turn as one write, and nothing when nothing did', () => {
    const { socket, link } = linked();
    link.flush();
    expect(socket.writes).toEqual([]);
    const messages = [1, 2, 3, 4, 5].map(next);
    for (const message of messages) link.send(message);
    expect(link.waitingBytes).toBeGreaterThan(0);
    link.flush();
    expect(socket.writes).toEqual([Buffer.concat(messages.map(encodeFrame))]);
    expect(link.waitingBytes).toBe(0);
  });

  it('sends what waits before it ends, and tells of its end once', async () => {
    const { socket, link, closings } = linked();
    link.send(next(1));
    link.end('enough');
    link.close('again');
    link.send(next(2));
    link.flush();
    await nextTurn();
    expect(socket.writes).toEqual([encodeFrame(next(1))]);
    expect(closings).toEqual(['enough']);
    expect([link.closed, socket.destroyed]).toEqual([true, true]);
  });

  it('hears of any bytes, before they are a message', async () => {
    const { socket, received, heard } = linked();
    const frame = encodeFrame(next(1));
    socket.push(frame.subarray(0, 3));
    await nextTurn();
    expect([heard(), received]).toEqual([1, []]);
    socket.push(frame.subarray(3));
    await nextTurn();
    expect([heard(), received]).toEqual([2, [next(1)]]);
  });

  it('hands out nothing more once it was closed, not even from the same chunk', () => {
    const messages: PeerMessage[] = [];
    const socket = new SocketDouble();
    const link: Link = new Link(socket as unknown as Socket, {
      onBytes: () => {},
      onMessage: (message) => {
        messages.push(message);
        link.close('enough');
      },
      onClose: () => {},
    });
    link.receive(Buffer.concat([encodeFrame(next(1)), encodeFrame(next(2))]));
    expect(messages).toEqual([next(1)]);
  });

  it('is closed by what is no message, and lets the fault of a receiver through', () => {
    const { link, closings } = linked();
    link.receive(Buffer.from([0, 0, 0, 1, 250]));
    expect(closings).toEqual(['unknown message type 250']);
    const faulty = new Link(new SocketDouble() as unknown as Socket, {
      onBytes: () => {},
      onMessage: () => {
        throw new Error('an invariant is broken');
      },
      onClose: () => {},
    });
    expect(() => faulty.receive(encodeFrame(next(1)))).toThrow('an invariant is broken');
  });

  it('regression: a stranger could announce a frame of a gigabyte, and memory was set aside for it', () => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(HELLO_BYTES_MAX + 1);
    const stranger = linked();
    stranger.link.receive(length);
    expect(stranger.closings).toEqual([`a frame of ${HELLO_BYTES_MAX + 1} bytes is above the limit`]);
    const peer = linked();
    peer.link.trust();
    peer.link.receive(length);
    expect(peer.closings).toEqual([]);
  });

  it('gives up a peer that does not read', () => {
    const { socket, link, closings } = linked();
    Object.defineProperty(socket, 'writableLength', { value: LINK_BYTES_MAX + 1 });
    link.send(next(1));
    link.flush();
    expect(closings).toEqual(['the peer does not read what it is sent']);
  });

  it('is closed when the other side ends it, breaks it or closes it', async () => {
    for (const happen of [
      (socket: SocketDouble) => socket.push(null),
      (socket: SocketDouble) => socket.destroy(new Error('ECONNRESET')),
      (socket: SocketDouble) => socket.destroy(),
    ]) {
      const { socket, closings } = linked();
      happen(socket);
      await nextTurn();
      expect(closings).toHaveLength(1);
    }
  });
});
