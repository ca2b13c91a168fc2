import type { Connection, ConnectionHandlers, Transport } from '../../src/base/transport.ts';
import { MACHINE_CLOCK } from '../../src/controller/machine-clock.ts';
import { ROOT_GROUP } from '../../src/membership/peer-bus.ts';
import { Mesh } from '../../src/peer/mesh.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import { prefaceIn, VERSIONS } from '../../src/peer/preface.ts';
import { configurationOf } from '../../src/placement/configuration.ts';
import { ConnectionDouble } from './connection-double.ts';
import { eventually } from './eventually.ts';
import { GOLDEN_MESSAGES } from './golden-messages.ts';

/** The link whose bytes are recorded in `test_cases/golden`. */
export interface GoldenLink {
  readonly secret?: string;
  readonly onNetwork?: boolean;
  /** The levels of the called end, 0, and of the caller, 1. */
  readonly levels?: readonly [string, string];
  /** The group that holds the data. */
  readonly dataGroup?: number;
}

const SECRET = 'what only this cluster has';

export const GOLDEN_LINKS: Readonly<Record<string, GoldenLink>> = {
  'no secret': {},
  'secret on one machine': { secret: SECRET },
  'secret on a network': { secret: SECRET, onNetwork: true },
  'refused for its level': { levels: ['sequential', 'eventual'] },
};

const { heartbeat, ordered, push, granted, 'sync-next': syncNext } = GOLDEN_MESSAGES;

/** The messages of both ends of a recorded link once it is up. */
export const CALLED_SAYS = [heartbeat.recovered!, push.allEffects!, granted.typical!] as const;
export const CALLER_SAYS = [heartbeat.typical!, ordered.typical!, syncNext.typical!] as const;

/** The random numbers of the two controllers. */
const NONCES = [0xd0, 0xca] as const;

/** One end of a recorded link: a mesh whose peer the test plays. */
export class GoldenEnd {
  readonly mesh: Mesh;
  /** The received messages, as `group type`. */
  readonly received: string[] = [];
  readonly messages: PeerMessage[] = [];
  readonly events: string[] = [];
  /** The connections that the caller has made, in order. */
  readonly calls: ConnectionDouble[] = [];

  /** @param node 0 for the called end, 1 for the caller */
  /** @param versions that this end speaks */
  constructor(node: 0 | 1, link: GoldenLink, versions = VERSIONS) {
    const { secret, onNetwork = false, levels = ['sequential', 'sequential'], dataGroup = ROOT_GROUP } = link;
    const address = { host: '127.0.0.1', port: 1 };
    this.mesh = new Mesh({
      node,
      incarnation: 100 + node,
      transport: this.#transport(),
      versions,
      controllers: configurationOf([address, address]).controllers,
      dataGroup,
      identity: () => ({ cluster: 'golden', placement: levels[node], peers: 'a:1,b:2', node }),
      secret: secret === undefined ? null : Buffer.from(secret),
      frameBytesMax: 2 ** 24,
      isLocal: () => !onNetwork,
      isPassing: () => false,
      clock: MACHINE_CLOCK,
      random: () => 0,
      randomBytes: (count) => Buffer.alloc(count, NONCES[node]),
      requestFlush: () => {},
      idTakenAfterMs: 0,
      onRefused: (peer, reason) => this.events.push(`refused ${peer}: ${reason}`),
      onUnknownRefused: (_, reason) => this.events.push(`stranger: ${reason}`),
      onIdTaken: () => {},
    });
    this.mesh.open({
      isSilent: () => false,
      onUp: (peer) => this.events.push(`up ${peer}`),
      onDown: (peer) => this.events.push(`down ${peer}`),
      onAskerUp: (peer) => this.events.push(`asker ${peer} up`),
      onAskerDown: (peer) => this.events.push(`asker ${peer} down`),
      onHeard: () => {},
      onMessage: (_, group, message) => {
        this.received.push(`${group} ${message.type}`);
        this.messages.push(message);
      },
    });
  }

  /** Accepts a connection on which the caller sends all these bytes at once. */
  accept(said: Buffer): ConnectionDouble {
    const preface = prefaceIn(said);
    if (preface.kind !== 'peer') throw new Error('this is no preface');
    const connection = new ConnectionDouble();
    this.mesh.accept(connection, preface, said.subarray(preface.length));
    return connection;
  }

  /** The connection of this number. */
  async call(number: number): Promise<ConnectionDouble> {
    await eventually(() => this.calls.length > number);
    return this.calls[number]!;
  }

  /** Sends two messages in one frame, the second for this group, and then one more. */
  say([first, second, last]: readonly [PeerMessage, PeerMessage, PeerMessage], group: number): void {
    const root = this.mesh.of(ROOT_GROUP);
    this.mesh.flush();
    root.sendToAll(first);
    this.mesh.of(group).sendToAll(second);
    this.mesh.flush();
    root.sendToAll(last);
    this.mesh.flush();
  }

  #transport(): Transport {
    return {
      listen: () => Promise.reject(new Error('nothing is listened on')),
      connect: (_address, handlers: ConnectionHandlers): Connection => {
        const connection = new ConnectionDouble();
        connection.handle(handlers);
        setImmediate(() => {
          this.calls.push(connection);
          handlers.onConnect?.();
        });
        return connection;
      },
    };
  }
}

export function allOf(connection: ConnectionDouble): Buffer {
  return Buffer.concat(connection.writes);
}
