import { expect } from 'vitest';
import type { Action, Answer, Event } from '../../src/checkers/history.ts';
import type { ChainHome } from '../../src/dialects/minikv/chain-places.ts';
import { eventually } from './eventually.ts';
import { type NodeProcess, NodeProcesses } from './node-processes.ts';

/** A request that was taken, and has no answer by then, has none at all. */
const ANSWERED_WITHIN_MS = 20_000;

/** What a node answered; null when the connection broke, or could not be made. */
export interface ChainAnswer {
  readonly status: number;
  readonly body: { readonly value?: unknown; readonly detail?: string; readonly mayHaveHappened?: boolean };
}

/** Nodes of a chain, each a process. Their ports are fixed, so these tests need ports 8080 and 50000 and those behind. */
export class MiniKvChain {
  readonly #processes = new NodeProcesses('minikv');
  readonly nodes = new Map<number, NodeProcess>();

  start(index: number, predecessor = index - 1): void {
    const behind = predecessor < 0 ? [] : ['-C', `${predecessor}`];
    this.nodes.set(index, this.#processes.start({}, 'chain', '--index', `${index}`, ...behind));
  }

  startAll(length: number): void {
    for (let index = 0; index < length; index++) this.start(index);
  }

  async kill(index: number): Promise<void> {
    const node = this.nodes.get(index)!;
    this.nodes.delete(index);
    await this.#processes.end(node, 'SIGKILL');
  }

  async killAll(): Promise<void> {
    this.nodes.clear();
    await this.#processes.killAll();
  }

  end(index: number): Promise<number | null> {
    const node = this.nodes.get(index)!;
    this.nodes.delete(index);
    return this.#processes.end(node, 'SIGTERM');
  }

  /** @returns null when the connection broke, or could not be made */
  async ask(index: number, path: string, body?: string): Promise<ChainAnswer | null> {
    const request = body === undefined ? {} : { method: 'POST', body: new Uint8Array(Buffer.from(body)) };
    const signal = AbortSignal.timeout(ANSWERED_WITHIN_MS);
    try {
      const answer = await fetch(`http://127.0.0.1:${8080 + index}${path}`, { ...request, signal });
      return { status: answer.status, body: (await answer.json()) as ChainAnswer['body'] };
    } catch (error) {
      if ((error as Error).name === 'TimeoutError') throw error;
      return null;
    }
  }

  get(index: number, key: string): Promise<ChainAnswer | null> {
    return this.ask(index, `/get?key=${encodeURIComponent(key)}`);
  }

  put(index: number, key: string, value: unknown): Promise<ChainAnswer | null> {
    return this.ask(index, `/put?key=${encodeURIComponent(key)}`, JSON.stringify({ value }));
  }

  /** Resolves once the node serves reads: the one of this test, and not another one that has its ports. */
  async served(index: number): Promise<void> {
    await eventually(async () => {
      expect(this.nodes.get(index)!.said()).toContain('Waiting for Ctrl+C');
      const answer = await this.get(index, 'any');
      expect(`${answer?.status} from node ${index} of ${this.#said()}`).toMatch(/^200 /);
    });
  }

  /** All that the nodes have said, to be shown where one of them does not serve. */
  #said(): string {
    const each = [...this.nodes].map(([index, { child, said }]) => {
      return `node ${index} (exit code ${child.exitCode}):\n${said()}`;
    });
    return each.join('\n');
  }

  /** While the members change, a majority of those before the change has to be there as well. */
  async #allSettled(): Promise<void> {
    for (const index of this.nodes.keys())
      await eventually(async () => {
        const asked = `http://127.0.0.2:${50_000 + index}/chain/home?index=${index}`;
        const home = (await (await fetch(asked, { method: 'POST' })).json()) as ChainHome;
        expect(home.configuration.before).toBe(undefined);
      });
  }

  /** Resolves once all nodes serve, and none takes a change of the members for one that is under way. */
  async allServed(): Promise<void> {
    await Promise.all([...this.nodes.keys()].map((index) => this.served(index)));
    await this.#allSettled();
  }

  /** Writes a value until it is written: outcomes that are unknown are no failure. */
  async written(index: number, key: string, value: unknown): Promise<void> {
    await eventually(async () => expect((await this.put(index, key, value))?.status).toBe(200));
  }
}

/** A client of one node that writes and reads a few keys, and records what it sees. */
export class RecordingClient {
  readonly events: Event[] = [];
  readonly #chain: MiniKvChain;
  readonly #client: number;
  readonly #keys: readonly string[];
  #writes = 0;

  constructor(chain: MiniKvChain, client: number, keys: readonly string[]) {
    this.#chain = chain;
    this.#client = client;
    this.#keys = keys;
  }

  /** @param index the node that it asks @param isOver looked at before each request */
  async run(index: number, isOver: () => boolean): Promise<void> {
    for (let turn = this.#client; !isOver(); turn++) {
      const key = this.#keys[turn % this.#keys.length]!;
      if (turn % 3 === 0) await this.#write(index, key);
      else await this.#read(index, key);
    }
  }

  async #write(index: number, key: string): Promise<void> {
    const value = `${this.#client}-${this.#writes++}`;
    const invokedAt = performance.now();
    const answer = await this.#chain.put(index, key, value);
    const action: Action = { kind: 'set', value };
    if (answer?.status === 200) return this.#note(key, action, invokedAt, { kind: 'word', word: 'stored' });
    // A broken connection says nothing of what became of the request.
    if (answer === null || answer.body.mayHaveHappened === true)
      this.#note(key, action, invokedAt, { kind: 'unknown' });
  }

  async #read(index: number, key: string): Promise<void> {
    const invokedAt = performance.now();
    const answer = await this.#chain.get(index, key);
    if (answer?.status !== 200) return;
    const value = answer.body.value as string | null;
    this.#note(key, { kind: 'get' }, invokedAt, { kind: 'value', value });
  }

  #note(key: string, action: Action, invokedAt: number, answer: Answer): void {
    const returnedAt = answer.kind === 'unknown' ? Number.POSITIVE_INFINITY : performance.now();
    this.events.push({ client: this.#client, key, action, answer, invokedAt, returnedAt });
  }
}
