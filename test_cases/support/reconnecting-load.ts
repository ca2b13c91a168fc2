import { setImmediate as afterReading, setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { AnswerError, TextClient } from './text-client.ts';

/** The number of clients of each controller, and the longest wait of a client between a reply and its next request. */
const CLIENTS_PER_CONTROLLER = 4;
const THINK_MS_MAX = 5;

/** A client that has been idle for longer may find its connection closed while its request is on the way. */
const BUSY_WITHIN_MS = 50;

/**
 * Clients that write and read keys of their own, one request at a time. When their connection was closed between two
 * requests they go on at the next controller, as a pool of connections does. Failed requests are counted.
 */
export class ReconnectingLoad {
  /** The number of requests that were answered. */
  answers = 0;
  reconnections = 0;
  /** The longest time from the moment when a request was due to its reply, in milliseconds. */
  longestMs = 0;
  /** The error replies. */
  readonly errors: string[] = [];
  /** The number of connections that ended with a request in flight although the client had not been idle. */
  cutOff = 0;
  readonly #cluster: Cluster;
  readonly #tasks: Promise<void>[] = [];
  #stopping = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    cluster.controllers.forEach((_, id) => {
      for (let at = 0; at < CLIENTS_PER_CONTROLLER; at++)
        this.#tasks.push(this.#run(id, `client-${id}-${at}`));
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#tasks);
  }

  /** The figures in human-readable form. */
  get figures(): string {
    const { answers, reconnections, cutOff, errors, longestMs } = this;
    const failed = `${errors.length} errors, ${cutOff} cut off`;
    return `${answers} requests, ${failed}, ${reconnections} reconnections, longest wait ${longestMs.toFixed(0)} ms`;
  }

  async #run(home: number, key: string): Promise<void> {
    let id = home;
    let client: TextClient | null = null;
    let answeredAt = Number.NEGATIVE_INFINITY;
    for (let turn = 1; !this.#stopping; turn++) {
      const beganAt = performance.now();
      while (client === null || client.socket.readableEnded || client.socket.destroyed) {
        if (client !== null) this.reconnections++;
        client = await this.#connect(id++ % this.#cluster.controllers.length);
      }
      const isBusy = performance.now() - answeredAt < BUSY_WITHIN_MS;
      try {
        await this.#ask(client, key, turn);
        answeredAt = performance.now();
        this.longestMs = Math.max(this.longestMs, answeredAt - beganAt);
      } catch (error) {
        if (error instanceof AnswerError) this.errors.push(`${key}: ${error.message}`);
        else client = null;
        if (client === null && isBusy) this.cutOff++;
      }
      await sleep(Math.random() * THINK_MS_MAX);
      // The next request waits until all bytes in the sockets are read, so that the client sees the end of a
      // connection.
      await afterReading();
    }
    client?.close();
  }

  /** @returns null when the controller does not listen */
  async #connect(id: number): Promise<TextClient | null> {
    const { port, host } = this.#cluster.controllers[id]!;
    try {
      return await TextClient.connect(port, host);
    } catch {
      await sleep(1);
      return null;
    }
  }

  async #ask(client: TextClient, key: string, turn: number): Promise<void> {
    if (turn % 2 === 1) {
      const answer = await client.set(key, `${turn}`);
      if (answer !== 'STORED') throw new AnswerError(answer);
    } else {
      // The value is not checked: at `eventual` another controller may not have it yet.
      await client.get(key);
    }
    this.answers++;
  }
}
