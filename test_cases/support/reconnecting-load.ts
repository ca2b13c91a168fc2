import { setImmediate as afterReading, setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { AnswerError, TextClient } from './text-client.ts';

/** Clients of every controller: so many, and how long each waits between an answer and its next request. */
const CLIENTS_PER_CONTROLLER = 4;
const THINK_MS_MAX = 5;

/** A client that has asked nothing for longer may find its connection closed while its request is on the way. */
const BUSY_WITHIN_MS = 50;

/**
 * Clients that write and read keys of their own, one request at a time, and that go to the next controller when their
 * connection was closed between two requests: as a pool of connections does. What goes wrong is counted.
 */
export class ReconnectingLoad {
  /** Requests that were answered. */
  answers = 0;
  reconnections = 0;
  /** The longest time from the moment when a request was to be sent to its answer, in milliseconds. */
  longestMs = 0;
  /** Answers that were none, in words. */
  readonly errors: string[] = [];
  /** Connections that ended with a request on its way, though the client had not been idle. */
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

  /** For people. */
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
      // Whatever the sockets have is read before the next request: an end that is there is seen.
      await afterReading();
    }
    client?.close();
  }

  /** @returns null when nobody listens there */
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
      // At eventual another controller may not have it yet: that is none of this load's concern.
      await client.get(key);
    }
    this.answers++;
  }
}
