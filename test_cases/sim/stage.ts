import type { Settings } from '../../src/controller/settings.ts';
import { ROOT_GROUP } from '../../src/membership/peer-bus.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import type { Level } from '../../src/placement/level.ts';
import { DEFAULT_KEYSPACE } from '../../src/placement/placement.ts';
import type { Request } from '../../src/protocol/request.ts';
import { decodeEntry } from '../../src/store/envelope.ts';
import { describeBallot, describeVersion } from './describe.ts';
import { startingNewcomers } from './joinable.ts';
import type { Newcomers } from './newcomers.ts';
import { type Asked, type Connection, Recorder } from './recorder.ts';
import { SimCluster } from './sim-cluster.ts';
import type { SimNetwork } from './sim-network.ts';
import type { SimNode } from './sim-node.ts';
import { Transcript } from './transcript.ts';

/** Messages that controllers send all the time, and that are no part of a scene. */
const LEFT_OUT: readonly PeerMessage['type'][] = ['heartbeat', 'view-part', 'granted'];

const REQUEST_TIMEOUT_MS = 1_000;

/** Every message takes one millisecond. */
const DELAYS = { kind: 'uniform', minMs: 1, maxMs: 1 } as const;

/** A small cluster on which a scene is played, with a short transcript. */
export class Stage {
  readonly #cluster: SimCluster;
  readonly #recorder: Recorder;
  readonly #transcript: Transcript;
  readonly #connections = new Map<number, Connection>();
  readonly #lines: string[] = [];
  /** Null as long as no client has asked for other controllers. */
  #newcomers: Newcomers | null = null;
  /** Texts whose lines are left out, and how many lines that were. */
  readonly #hidden = new Map<string, number>();

  /** @param withoutGroup a group whose messages are left out; null for none */
  private constructor(cluster: SimCluster, withoutGroup: number | null) {
    this.#cluster = cluster;
    this.#recorder = new Recorder(cluster, REQUEST_TIMEOUT_MS);
    this.#transcript = new Transcript(cluster.scheduler, {
      leaveOut: LEFT_OUT,
      withoutGroup,
      arrivals: false,
    });
    cluster.transcript = this.#transcript;
  }

  /** A cluster of three that is ready. */
  static async set(level: Level, settings: Partial<Settings>): Promise<Stage> {
    const all = { requestTimeoutMs: REQUEST_TIMEOUT_MS, ...settings };
    const cluster = new SimCluster({ seed: 1, level, settings: all });
    cluster.network.delays = DELAYS;
    await cluster.start();
    await cluster.run(200);
    // Where all keyspaces have a chain, the root group has views and nothing else.
    return new Stage(cluster, settings.scheme === 'chain' ? ROOT_GROUP : null);
  }

  get network(): SimNetwork {
    return this.#cluster.network;
  }

  node(id: number): SimNode {
    const node = this.#cluster.nodeOf(id);
    if (node === undefined) throw new Error(`no controller n${id}`);
    return node;
  }

  /** A client's request to a controller: one client for each controller. */
  ask(id: number, { key, ...asked }: Asked & { readonly key: string }): void {
    const node = this.node(id);
    let connection = this.#connections.get(id);
    if (connection?.incarnation !== node.incarnation) connection = this.#recorder.connect(node);
    this.#connections.set(id, connection);
    this.#recorder.ask(connection, key, asked, () => {});
  }

  /** A client asks a controller for another level of the default keyspace. */
  changeLevel(id: number, level: string): void {
    const change = { what: 'level', keyspace: DEFAULT_KEYSPACE, level } as const;
    this.#askFor(id, `the level ${level}`, { kind: 'keyspace', change, format: 'table' });
  }

  /** A client asks a controller for another number of shards. */
  changeShards(id: number, shards: number): void {
    const change = { what: 'shards', keyspace: DEFAULT_KEYSPACE, shards } as const;
    this.#askFor(id, `${shards} shards`, { kind: 'keyspace', change, format: 'table' });
  }

  /** A client asks a controller to give a shard to these controllers. */
  moveShard(id: number, shard: number, controllers: readonly number[]): void {
    const change = { what: 'move', keyspace: DEFAULT_KEYSPACE, shard, controllers } as const;
    const named = controllers.map((one) => `n${one}`).join(', ');
    this.#askFor(id, `shard ${shard} at ${named}`, { kind: 'keyspace', change, format: 'table' });
  }

  /** A client asks a controller to go on without these, which are lost, and confirms it. */
  forceOut(id: number, lost: readonly number[]): void {
    const forced = { lost: lost.map(String), isConfirmed: true };
    const change = { come: null, go: null, forced };
    this.#askFor(id, `member remove ${lost.join(' ')} --force`, { kind: 'member', change, format: 'table' });
  }

  /** A client asks a controller to have another one vote, or go. One that joins is started as soon as it has an id. */
  changeMembers(id: number, isToCome: boolean, controller: string): void {
    this.#newcomers ??= startingNewcomers(this.#cluster);
    const change = isToCome ? { come: controller, go: null } : { come: null, go: controller };
    const what = `member ${isToCome ? 'add' : 'remove'} ${controller}`;
    this.#askFor(id, what, { kind: 'member', change, format: 'table' });
  }

  #askFor(id: number, what: string, request: Request): void {
    this.#transcript.line(id, `a client asks for ${what}`);
    this.node(id)
      .connect()
      .submit(request, (reply) => {
        const text = reply.kind === 'lines' ? reply.lines[0] : 'reason' in reply ? reply.reason : reply.kind;
        this.#transcript.line(id, `the client is told: ${text}`);
      });
  }

  run(forMs: number): Promise<void> {
    return this.#cluster.run(forMs);
  }

  /** As SIGTERM. The controller stays away once it has ended. */
  stop(id: number): void {
    const node = this.node(id);
    node.stop(() => node.end());
  }

  /** Has the wall clock of a machine jump. @param byMs forwards where it is positive */
  setClock(id: number, byMs: number): void {
    this.node(id).clock.skewMs += byMs;
    this.#transcript.line(id, `the wall clock jumps by ${byMs / 1_000} s`);
  }

  /** Writes down what the controllers are and have, with one line for all that are and have the same. */
  show(): void {
    const byState = Map.groupBy(this.#cluster.nodes, stateOf);
    for (const [state, nodes] of byState)
      this.#transcript.line(
        nodes.map(({ id }) => id),
        state,
      );
  }

  /** Leaves lines with this text out, until `unhide`. */
  hide(text: string): void {
    this.#takeOver();
    this.#hidden.set(text, 0);
  }

  /** @throws when no line had the text: a message may have another name by now */
  unhide(text: string): void {
    this.#takeOver();
    if (!this.#hidden.get(text)) throw new Error(`no line with "${text}" was hidden`);
    this.#hidden.delete(text);
  }

  /** The lines since the last call. */
  takeLines(): string[] {
    this.#takeOver();
    return this.#lines.splice(0);
  }

  #takeOver(): void {
    this.#lines.push(...this.#transcript.lines.splice(0).filter((line) => !this.#isHidden(line)));
  }

  /** @throws as `unhide` does */
  end(): void {
    for (const text of this.#hidden.keys()) this.unhide(text);
  }

  #isHidden(line: string): boolean {
    const text = [...this.#hidden.keys()].find((one) => line.includes(one));
    if (text === undefined) return false;
    this.#hidden.set(text, this.#hidden.get(text)! + 1);
    return true;
  }
}

/** `serves in view 2.0 of n0 n1: a=2 @422.0/1, b deleted @425.0/0`. */
function stateOf(node: SimNode): string {
  const { core } = node;
  if (core === null) return 'does not run';
  const { view } = core;
  const where =
    view &&
    ` in view ${describeBallot(view.ballot)} of ${view.members.map(({ node: id }) => `n${id}`).join(' ')}`;
  const state = node.serving ? `serves${where ?? ''}` : `does not serve: ${core.notReadyBecause}`;
  return `${state}; has ${entriesOf(node).join(', ') || 'nothing'}`;
}

/** What its journal knows, with the values that its store has. */
function entriesOf({ journal, store }: SimNode): string[] {
  return journal.allRecords().map(({ key, version, tombstone }) => {
    const at = `@${describeVersion(version.time, version.node)}`;
    if (tombstone) return `${key} deleted ${at}`;
    const bytes = store.items.get(key);
    const entry = bytes === undefined ? null : decodeEntry(bytes);
    return `${key}=${entry === null ? 'lost' : entry.value.toString()} ${at}`;
  });
}
