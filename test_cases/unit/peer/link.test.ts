import { describe, expect, it } from 'vitest';
import { KeystreamTags, type LinkTags, MacTags } from '../../../src/peer/frame-tags.ts';
import { LINK_BYTES_MAX, Link } from '../../../src/peer/link.ts';
import type { PeerMessage } from '../../../src/peer/messages.ts';
import { VERSIONS } from '../../../src/peer/preface.ts';
import { ConnectionDouble } from '../../support/connection-double.ts';
import { framed, framedBytes } from '../../support/framed.ts';

const FRAME_BYTES_MAX = 100;

const next = (exchange: number): PeerMessage => ({ type: 'sync-next', exchange });

function linked() {
  const connection = new ConnectionDouble();
  const received: PeerMessage[] = [];
  const closings: string[] = [];
  let heard = 0;
  const link = new Link(connection, VERSIONS.max, FRAME_BYTES_MAX, {
    onBytes: () => heard++,
    onMessage: (_group, message) => received.push(message),
    onClose: (reason) => closings.push(reason),
  });
  return { connection, link, received, closings, heard: () => heard };
}

describe('a link', () => {
  it('sends the messages of a turn in one write, and writes nothing without messages', () => {
    const { connection, link } = linked();
    link.flush();
    expect(connection.writes).toEqual([]);
    const messages = [1, 2, 3, 4, 5].map(next);
    for (const message of messages) link.send(message);
    expect(link.waitingBytes).toBeGreaterThan(0);
    link.flush();
    expect(connection.writes).toEqual([framed(...messages)]);
    expect(link.waitingBytes).toBe(0);
  });

  it('sends the messages that wait before it ends, and reports its end once', () => {
    const { connection, link, closings } = linked();
    link.send(next(1));
    link.end('enough');
    link.close('again');
    link.send(next(2));
    link.flush();
    expect(connection.writes).toEqual([framed(next(1))]);
    expect(closings).toEqual(['enough']);
    expect([link.closed, connection.isDestroyed]).toEqual([true, true]);
  });

  it('reports bytes before they are a whole message', () => {
    const { connection, received, heard } = linked();
    const frame = framed(next(1));
    connection.push(frame.subarray(0, 3));
    expect([heard(), received]).toEqual([1, []]);
    connection.push(frame.subarray(3));
    expect([heard(), received]).toEqual([2, [next(1)]]);
  });

  it('hands out no message once it is closed, not even from the same chunk', () => {
    const messages: PeerMessage[] = [];
    const connection = new ConnectionDouble();
    const link: Link = new Link(connection, VERSIONS.max, FRAME_BYTES_MAX, {
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

  it('is closed by bytes that are no message, and does not catch errors of the receiver', () => {
    const { link, closings } = linked();
    link.receive(Buffer.from([0, 0, 0, 1, 122]));
    expect(closings).toEqual(['unknown message type 122']);
    const faulty = new Link(new ConnectionDouble(), VERSIONS.max, FRAME_BYTES_MAX, {
      onBytes: () => {},
      onMessage: () => {
        throw new Error('an invariant is broken');
      },
      onClose: () => {},
    });
    expect(() => faulty.receive(framed(next(1)))).toThrow('an invariant is broken');
  });

  it('regression: an unknown caller announced a frame of a gigabyte, and memory was allocated for it', () => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(FRAME_BYTES_MAX + 1);
    const stranger = linked();
    stranger.link.receive(length);
    expect(stranger.closings).toEqual([`a frame of ${FRAME_BYTES_MAX + 1} bytes is above the limit`]);
    const peer = linked();
    peer.link.becomeProtected(tags(), 2 ** 30);
    peer.link.receive(length);
    expect(peer.closings).toEqual([]);
  });

  it('is closed when the peer does not read', () => {
    const { connection, link, closings } = linked();
    connection.waitingBytes = LINK_BYTES_MAX + 1;
    link.send(next(1));
    link.flush();
    expect(closings).toEqual(['the peer does not read what it is sent']);
  });

  it('is closed when the other end ends, breaks or closes the connection', () => {
    for (const happen of [
      (connection: ConnectionDouble) => connection.pushEnd(),
      (connection: ConnectionDouble) => connection.fail(new Error('ECONNRESET')),
      (connection: ConnectionDouble) => connection.destroy(),
    ]) {
      const { connection, closings } = linked();
      happen(connection);
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
    a.link.becomeProtected({ sending: new Kind(KEYS[0]), receiving: new Kind(KEYS[1]) }, 2 ** 30);
    b.link.becomeProtected({ sending: new Kind(KEYS[1]), receiving: new Kind(KEYS[0]) }, 2 ** 30);
    return { a, b };
  };
  const push = (bytes: number): PeerMessage => ({
    type: 'refusal',
    reason: 'x'.repeat(bytes),
    idTaken: false,
  });
  const WRONG = 'a frame does not belong to this connection, or was changed on its way';

  it('carries small and large messages in order, however the stream is cut', () => {
    const { a, b } = protectedLinks();
    const sent = [next(1), push(10), push(70_000), next(2), push(40_000), push(40_000), next(3)];
    for (const message of sent) a.link.send(message);
    a.link.flush();
    a.link.send(next(4));
    a.link.flush();
    const bytes = Buffer.concat(a.connection.writes);
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
      return Buffer.from(a.connection.writes.pop()!);
    });
    for (const frame of change(frames)) b.link.receive(frame);
    expect(b.closings).toEqual([expect.stringMatching(/^a frame (does not belong|is shorter)/)]);
    expect(b.received.length).toBeLessThan(2);
  });

  it('accepts no frame that it has sent itself, and no frame of another connection', () => {
    const { a, b } = protectedLinks();
    a.link.send(next(1));
    a.link.flush();
    a.link.receive(a.connection.writes[0]!);
    expect(a.closings).toEqual([WRONG]);
    const other = linked();
    other.link.becomeProtected(
      { sending: new Kind(Buffer.alloc(32, 'c')), receiving: new Kind(KEYS[1]) },
      2 ** 30,
    );
    other.link.send(next(1));
    other.link.flush();
    b.link.receive(other.connection.writes[0]!);
    expect([b.closings, b.received]).toEqual([[WRONG], []]);
  });
});

describe('a protected link on a network', () => {
  it.each([20, 20_000, 100_000])('ends when any byte of a frame of %d bytes was changed', (bytes) => {
    for (const place of [0, 15, 16, 17, bytes / 2, bytes - 1]) {
      const [a, b] = [linked(), linked()];
      a.link.becomeProtected(tags(), 2 ** 30);
      b.link.becomeProtected({ sending: new MacTags(KEYS[1]), receiving: new MacTags(KEYS[0]) }, 2 ** 30);
      a.link.send({ type: 'refusal', reason: 'x'.repeat(bytes), idTaken: false });
      a.link.flush();
      const sent = Buffer.concat(a.connection.writes);
      sent[4 + place]! ^= 1;
      b.link.receive(sent);
      expect([b.closings.length, b.received]).toEqual([1, []]);
    }
  });
});
