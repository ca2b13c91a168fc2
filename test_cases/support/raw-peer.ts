import { randomBytes } from 'node:crypto';
import type { Connection } from '../../src/base/transport.ts';
import { tagsOf } from '../../src/peer/frame-tags.ts';
import { Handshake } from '../../src/peer/handshake.ts';
import { Link } from '../../src/peer/link.ts';
import type { Hello, PeerMessage } from '../../src/peer/messages.ts';
import { type Agreement, agreementOf, prefaceIn, prefaceOf, VERSIONS } from '../../src/peer/preface.ts';
import { NODE_TRANSPORT } from '../../src/transport/node-transport.ts';

export interface RawPeerOptions {
  readonly address: { readonly host: string; readonly port: number };
  /** The claims of this peer, which may be false. */
  readonly hello: Pick<Hello, 'cluster' | 'node' | 'incarnation' | 'placement' | 'peers'>;
  readonly secret?: Buffer | null;
  /** Whether this end takes the connection for one over a network; frames then carry MACs. */
  readonly onNetwork?: boolean;
}

const FRAME_BYTES_MAX = 2 ** 30;

/** A peer that carries out the handshake, and then sends what a test says. */
export class RawPeer {
  readonly connection: Connection;
  readonly closed: Promise<unknown>;
  readonly received: PeerMessage[] = [];
  /** The outcome of the handshake: `welcome`, `refuses: …`, `refused: …`. */
  readonly events: string[] = [];
  readonly #link: Link;

  private constructor(
    connection: Connection,
    { version, prefaces }: Agreement,
    { hello, secret = null, onNetwork = false }: RawPeerOptions,
  ) {
    this.connection = connection;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    let isWelcome = false;
    this.#link = new Link(connection, version, FRAME_BYTES_MAX, {
      onBytes: () => {},
      onMessage: (_group, message) => {
        if (isWelcome) this.received.push(message);
        else greeting.onMessage(message);
        this.#link.flush();
      },
      onClose: (reason) => {
        this.events.push(`closed: ${reason}`);
        resolve();
      },
    });
    const nonce = randomBytes(32);
    const greeting = new Handshake({
      end: 'caller',
      own: { type: 'hello', ...hello, nonce, hasSecret: secret !== null, onNetwork },
      prefaces,
      secret,
      version,
      identity: { ...hello, node: -1 },
      isLocal: !onNetwork,
      whyMisplaced: () => null,
      send: (message) => this.#link.send(message),
      protect: (keys) => this.#link.becomeProtected(tagsOf(keys), FRAME_BYTES_MAX),
      onRefuse: (_, { reason }) => {
        // A peer without the secret may claim to have it.
        this.events.push(`refuses: ${reason}`);
        this.#link.send({ type: 'proof', mac: randomBytes(32), refusal: '' });
      },
      onRefused: (_, { reason, idTaken }, isProved) => {
        this.events.push(`refused: ${reason}${idTaken ? ' (taken)' : ''}${isProved ? ', proved' : ''}`);
      },
      onWelcome: () => {
        isWelcome = true;
        this.events.push('welcome');
      },
    });
    this.#link.flush();
  }

  static async connect(options: RawPeerOptions): Promise<RawPeer> {
    const { promise, resolve, reject } = Promise.withResolvers<RawPeer>();
    let first: Buffer = Buffer.alloc(0);
    const connection = NODE_TRANSPORT.connect(options.address, {
      onConnect: () => connection.write(prefaceOf(VERSIONS)),
      onData: (chunk) => {
        first = Buffer.concat([first, chunk]);
        const answer = prefaceIn(first);
        if (answer.kind !== 'peer') return;
        resolve(new RawPeer(connection, agreementOf(VERSIONS, answer.versions)!, options));
      },
      onEnd: () => connection.destroy(),
      onError: () => {},
      onClose: () => reject(new Error('the connection ended before a controller answered')),
    });
    return promise;
  }

  get isUp(): boolean {
    return this.events.includes('welcome') && !this.#link.closed;
  }

  send(message: PeerMessage): void {
    this.#link.send(message);
    this.#link.flush();
  }

  /** Sends a frame with the right tag and any payload. */
  sendPayload(payload: Buffer): void {
    this.#link.sendEncoded({ parts: [payload], length: payload.length });
    this.#link.flush();
  }

  close(): void {
    this.#link.close('the test is over');
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
