import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { KeystreamTags, type LinkTags, MacTags } from '../../../src/peer/frame-tags.ts';
import { LINK_BYTES_MAX, Link } from '../../../src/peer/link.ts';
import type { PeerMessage } from '../../../src/peer/messages.ts';
import { framed, framedBytes } from '../../support/framed.ts';

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

const FRAME_BYTES_MAX = 100;

const next = (exchange: number): PeerMessage => ({ type: 'sync-next', exchange });

function linked() {
  const socket = new SocketDouble();
  const received: PeerMessage[] = [];
  const closings: string[] = [];
  let heard = 0;
  const link = new Link(socket as unknown as Socket, FRAME_BYTES_MAX, {
    onBytes: () => heard++,
    onMessage: (_group, message) => received.push(message),
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
    expect(socket.writes).toEqual([framed(...messages)]);
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
    expect(socket.writes).toEqual([framed(next(1))]);
    expect(closings).toEqual(['enough']);
    expect([link.closed, socket.destroyed]).toEqual([true, true]);
  });

  it('hears of any bytes, before they are a message', async () => {
    const { socket, received, heard } = linked();
    const frame = framed(next(1));
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
    const link: Link = new Link(socket as unknown as Socket, FRAME_BYTES_MAX, {
      onBytes: () => {},
      onMessage: (_group, message) => {
        messages.push(message);
        link.close('enough');
      },
      onClose: () => {},
    });
    link.receive(Buffer.concat([framed(next(1)), framed(next(2))]));
    expect(messages).toEqual([next(1)]);
  });

  it('is closed by what is no message, and lets the fault of a receiver through', () => {
    const { link, closings } = linked();
    link.receive(Buffer.from([0, 0, 0, 1, 122]));
    expect(closings).toEqual(['unknown message type 122']);
    const faulty = new Link(new SocketDouble() as unknown as Socket, FRAME_BYTES_MAX, {
      onBytes: () => {},
      onMessage: () => {
        throw new Error('an invariant is broken');
      },
      onClose: () => {},
    });
    expect(() => faulty.receive(framed(next(1)))).toThrow('an invariant is broken');
  });

  it('regression: a stranger could announce a frame of a gigabyte, and memory was set aside for it', () => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(FRAME_BYTES_MAX + 1);
    const stranger = linked();
    stranger.link.receive(length);
    expect(stranger.closings).toEqual([`a frame of ${FRAME_BYTES_MAX + 1} bytes is above the limit`]);
    const peer = linked();
    peer.link.protect(tags(), 2 ** 30);
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

const KEYS = [Buffer.alloc(32, 'a'), Buffer.alloc(32, 'b')] as const;
const tagsOfKind = (Kind: typeof KeystreamTags | typeof MacTags): LinkTags => ({
  sending: new Kind(KEYS[0]),
  receiving: new Kind(KEYS[1]),
});
const tags = () => tagsOfKind(MacTags);

describe.each([
  ['on loopback', KeystreamTags],
  ['on a network', MacTags],
] as const)('a protected link %s', (_, Kind) => {
  const protectedLinks = () => {
    const [a, b] = [linked(), linked()];
    a.link.protect({ sending: new Kind(KEYS[0]), receiving: new Kind(KEYS[1]) }, 2 ** 30);
    b.link.protect({ sending: new Kind(KEYS[1]), receiving: new Kind(KEYS[0]) }, 2 ** 30);
    return { a, b };
  };
  const push = (bytes: number): PeerMessage => ({ type: 'refusal', reason: 'x'.repeat(bytes), taken: false });
  const WRONG = 'a frame does not belong to this connection, or was changed on its way';

  it('brings small and large messages across, in order, however they are cut', () => {
    const { a, b } = protectedLinks();
    const sent = [next(1), push(10), push(70_000), next(2), push(40_000), push(40_000), next(3)];
    for (const message of sent) a.link.send(message);
    a.link.flush();
    a.link.send(next(4));
    a.link.flush();
    const bytes = Buffer.concat(a.socket.writes);
    for (let at = 0; at < bytes.length; at += 30_011) b.link.receive(bytes.subarray(at, at + 30_011));
    expect(b.received).toEqual([...sent, next(4)]);
    expect(b.closings).toEqual([]);
  });

  it.each<[string, (frames: Buffer[]) => Buffer[]]>([
    ['is repeated', ([one, two]) => [one!, one!, two!]],
    ['is left out', ([, two]) => [two!]],
    ['comes before its time', ([one, two]) => [two!, one!]],
    ['goes back to its sender', ([one]) => [Buffer.concat([one!]), one!]],
    ['is shorter than a tag', () => [framedBytes(Buffer.from('1234'))]],
    ['has no tag', () => [framed(next(9))]],
  ])('ends when a frame %s', (_what, change) => {
    const { a, b } = protectedLinks();
    const frames = [1, 2].map((exchange) => {
      a.link.send(next(exchange));
      a.link.flush();
      return Buffer.from(a.socket.writes.pop()!);
    });
    for (const frame of change(frames)) b.link.receive(frame);
    expect(b.closings).toEqual([expect.stringMatching(/^a frame (does not belong|is shorter)/)]);
    expect(b.received.length).toBeLessThan(2);
  });

  it('takes no frame that it has sent itself, and none of another connection', () => {
    const { a, b } = protectedLinks();
    a.link.send(next(1));
    a.link.flush();
    a.link.receive(a.socket.writes[0]!);
    expect(a.closings).toEqual([WRONG]);
    const other = linked();
    other.link.protect({ sending: new Kind(Buffer.alloc(32, 'c')), receiving: new Kind(KEYS[1]) }, 2 ** 30);
    other.link.send(next(1));
    other.link.flush();
    b.link.receive(other.socket.writes[0]!);
    expect([b.closings, b.received]).toEqual([[WRONG], []]);
  });
});

describe('a protected link on a network', () => {
  it.each([20, 20_000, 100_000])('ends when any byte of a frame of %d bytes was changed', (bytes) => {
    for (const place of [0, 15, 16, 17, bytes / 2, bytes - 1]) {
      const [a, b] = [linked(), linked()];
      a.link.protect(tags(), 2 ** 30);
      b.link.protect({ sending: new MacTags(KEYS[1]), receiving: new MacTags(KEYS[0]) }, 2 ** 30);
      a.link.send({ type: 'refusal', reason: 'x'.repeat(bytes), taken: false });
      a.link.flush();
      const sent = Buffer.concat(a.socket.writes);
      sent[4 + place]! ^= 1;
      b.link.receive(sent);
      expect([b.closings.length, b.received]).toEqual([1, []]);
    }
  });
});
