import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { HANGS_AFTER_MS } from './hang.ts';
import { AnswerError, type TextClient } from './text-client.ts';

export interface WorkloadOptions {
  readonly level: 'linearizability' | 'sequential';
  readonly writersPerController?: number;
}

/** The state of one writer's key, to which only this writer writes: the numbers 1, 2, 3, … in this order. */
interface Register {
  readonly key: string;
  attempted: number;
  acknowledged: number;
}

/** A request without a reply for this long counts as hanging. */
const ANSWER_WITHIN_MS = HANGS_AFTER_MS;
const RETRY_MS = 10;
const COUNTER = 'load-counter';

/**
 * Writers, counters and readers at every controller, which go on during failures. They record the acknowledged writes,
 * the writes with an unknown outcome, and every reply that no failure excuses.
 */
export class Workload {
  readonly violations: string[] = [];
  /** The text of every `SERVER_ERROR`. */
  readonly reasons = new Set<string>();
  writes = 0;
  #acknowledgedCounts = 0;
  #unknownCounts = 0;
  readonly #cluster: Cluster;
  readonly #level: WorkloadOptions['level'];
  readonly #registers: Register[] = [];
  readonly #counted = new Set<string>();
  readonly #tasks: Promise<void>[] = [];
  #stopping = false;

  private constructor(cluster: Cluster, level: WorkloadOptions['level']) {
    this.#cluster = cluster;
    this.#level = level;
  }

  static async start(cluster: Cluster, options: WorkloadOptions): Promise<Workload> {
    const workload = new Workload(cluster, options.level);
    const client = await cluster.client(0);
    await client.set(COUNTER, '0');
    client.close();
    cluster.controllers.forEach((_, id) => {
      for (let at = 0; at < (options.writersPerController ?? 3); at++) workload.#addWriter(id, at);
      workload.#run(id, () => (one) => workload.#count(one));
    });
    cluster.controllers.forEach((_, id) => {
      workload.#run(id, () => workload.#reader());
    });
    return workload;
  }

  /** Waits for the requests under way, and starts no others. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#tasks);
  }

  /** Checks at one controller that every acknowledged write is there, and no value that was never written. */
  async verify(id: number): Promise<void> {
    const client = await this.#cluster.client(id);
    for (const { key, attempted, acknowledged } of this.#registers) {
      const value = Number(await client.get(key));
      if (value < acknowledged || value > attempted) {
        this.violations.push(`${key} is ${value} on ${id}, acknowledged ${acknowledged}, tried ${attempted}`);
      }
    }
    const count = Number(await client.get(COUNTER));
    const most = this.#acknowledgedCounts + this.#unknownCounts;
    if (count < this.#acknowledgedCounts || count > most) {
      this.violations.push(`counted ${count} on ${id}, not ${this.#acknowledgedCounts} to ${most}`);
    }
    client.close();
  }

  #addWriter(id: number, at: number): void {
    const register: Register = { key: `load-${id}-${at}`, attempted: 0, acknowledged: 0 };
    this.#registers.push(register);
    this.#run(id, () => (client) => this.#write(client, register));
  }

  /** @param begin makes the step for a new connection; the step is repeated while the connection lasts */
  #run(id: number, begin: () => (client: TextClient) => Promise<void>): void {
    const go = async (): Promise<void> => {
      while (!this.#stopping) {
        try {
          const client = await this.#cluster.client(id);
          const step = begin();
          try {
            while (!this.#stopping) await step(client);
          } finally {
            client.close();
          }
        } catch {
          await sleep(RETRY_MS);
        }
      }
    };
    this.#tasks.push(go());
  }

  async #write(client: TextClient, register: Register): Promise<void> {
    const value = ++register.attempted;
    const answer = await this.#answer(`set ${register.key}`, client.set(register.key, `${value}`));
    if (answer === 'STORED') {
      register.acknowledged = value;
      this.writes++;
    } else await this.#onRefusal(`set ${register.key}`, answer);
  }

  async #count(client: TextClient): Promise<void> {
    this.#unknownCounts++;
    const answer = await this.#answer('incr', client.ask(`incr ${COUNTER} 1\r\n`));
    if (/^\d+$/.test(answer)) {
      this.#unknownCounts--;
      this.#acknowledgedCounts++;
      if (this.#counted.has(answer)) this.violations.push(`two were told that they counted ${answer}`);
      this.#counted.add(answer);
      return;
    }
    if (answer.startsWith('SERVER_ERROR') && !answer.includes('outcome unknown')) this.#unknownCounts--;
    await this.#onRefusal('incr', answer);
  }

  /**
   * Reads that check their results. At linearizability a read returns no value older than one acknowledged before the
   * read began; at sequential, none older than this connection has read before.
   */
  #reader(): (client: TextClient) => Promise<void> {
    const seen = new Map<string, number>();
    let turn = 0;
    return async (client) => {
      const { key, acknowledged } = this.#registers[turn++ % this.#registers.length]!;
      const least = this.#level === 'linearizability' ? acknowledged : (seen.get(key) ?? 0);
      try {
        const value = Number(await this.#answer(`get ${key}`, client.get(key)));
        if (value < least) this.violations.push(`read ${value} of ${key} after ${least}`);
        seen.set(key, value);
      } catch (error) {
        if (!(error instanceof AnswerError)) throw error;
        await this.#onRefusal(`get ${key}`, error.line);
      }
    };
  }

  async #answer<T>(request: string, answer: Promise<T>): Promise<T> {
    const late = setTimeout(() => this.violations.push(`no answer to ${request}`), ANSWER_WITHIN_MS);
    try {
      return await answer;
    } finally {
      clearTimeout(late);
    }
  }

  async #onRefusal(request: string, answer: string): Promise<void> {
    if (answer.startsWith('SERVER_ERROR ')) this.reasons.add(answer);
    else this.violations.push(`${request} was answered "${answer}"`);
    await sleep(RETRY_MS);
  }
}
