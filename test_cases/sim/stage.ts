import type { Level } from '../../src/consistency/level.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import type { Action } from '../checkers/history.ts';
import { type Connection, Recorder } from './recorder.ts';
import { SimCluster } from './sim-cluster.ts';
import { Transcript } from './transcript.ts';

/** What goes on all the time, and is no part of a scene. */
const LEFT_OUT: readonly PeerMessage['type'][] = ['heartbeat', 'granted'];

const REQUEST_TIMEOUT_MS = 1_000;

/** Every message takes one millisecond. */
const DELAYS = { kind: 'uniform', minMs: 1, maxMs: 1 } as const;

/** A small cluster on which a scene is played, with its transcript: documentation that can't be out of date. */
export class Stage {
  readonly cluster: SimCluster;
  readonly #recorder: Recorder;
  readonly #transcript: Transcript;
  readonly #connections = new Map<number, Connection>();

  private constructor(cluster: SimCluster) {
    this.cluster = cluster;
    this.#recorder = new Recorder(this.cluster, REQUEST_TIMEOUT_MS);
    this.#transcript = new Transcript(this.cluster.scheduler, LEFT_OUT);
    this.cluster.transcript = this.#transcript;
  }

  /** A cluster of three that is ready. */
  static async set(level: Level): Promise<Stage> {
    const cluster = new SimCluster({ seed: 1, level, settings: { requestTimeoutMs: REQUEST_TIMEOUT_MS } });
    cluster.network.delays = DELAYS;
    await cluster.start();
    await cluster.run(200);
    return new Stage(cluster);
  }

  /** A line of explanation. */
  say(text: string): void {
    this.#transcript.say(text);
  }

  /** A client's request to a controller: one client for each. */
  ask(node: number, key: string, action: Action): void {
    const place = this.cluster.nodes[node]!;
    let connection = this.#connections.get(node);
    if (connection?.life !== place.incarnation) connection = this.#recorder.connect(place);
    this.#connections.set(node, connection);
    this.#recorder.ask(connection, key, { action }, () => {});
  }

  run(forMs: number): Promise<void> {
    return this.cluster.run(forMs);
  }

  toString(): string {
    return String(this.#transcript);
  }
}
