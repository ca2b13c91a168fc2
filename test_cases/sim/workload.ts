import { arithmeticRequest, deleteRequest, storeRequest } from '../../src/protocol/make-request.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request, StoreVerb } from '../../src/protocol/request.ts';
import type { Action, Answer, Event, History } from '../checkers/history.ts';
import type { SimCluster } from './sim-cluster.ts';

export interface WorkloadOptions {
  readonly clients: number;
  readonly keys: readonly string[];
  readonly operations: number;
  /** Virtual milliseconds between two operations of a client, at the most. */
  readonly thinkMs: number;
  /** Operations that a client has under way at once. */
  readonly pipeline: number;
  readonly actions: readonly Action['kind'][];
}

interface Open {
  readonly client: number;
  readonly key: string;
  readonly action: Action;
  readonly invokedAt: number;
  answered: boolean;
}

/**
 * Clients that do random things to a simulated cluster and write down what they saw. Every value that is
 * written is written once, so that a value stands for its write.
 */
export class Workload {
  readonly #cluster: SimCluster;
  readonly #options: WorkloadOptions;
  readonly #events: Event[] = [];
  readonly #open = new Set<Open>();
  readonly #tokens = new Map<string, { cas: bigint; value: string }>();
  #left: number;
  #values = 0;
  #running = 0;
  failures = 0;

  constructor(cluster: SimCluster, options: WorkloadOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#left = options.operations;
  }

  get finished(): boolean {
    return this.#left === 0 && this.#running === 0;
  }

  start(): void {
    for (let client = 0; client < this.#options.clients; client++) {
      for (let i = 0; i < this.#options.pipeline; i++) this.#later(client);
    }
  }

  /** Runs until all is asked and answered. @throws when something is never answered */
  finish(withinMs = 60_000): void {
    const until = this.#cluster.scheduler.nowMs + withinMs;
    while (!this.finished) {
      if (this.#cluster.scheduler.nowMs > until)
        throw new Error(`${this.#running} operations were never answered`);
      this.#cluster.run(20);
    }
  }

  /** What has been seen; what is still open may have happened. */
  history(): History {
    const open = [...this.#open]
      .filter((o) => o.action.kind !== 'get')
      .map((o) => eventOf(o, { kind: 'unknown' }, Number.POSITIVE_INFINITY));
    return [...this.#events, ...open];
  }

  readonly #connections = new Map<
    number,
    { node: number; life: number; connection: ReturnType<SimCluster['nodes'][number]['connect']> }
  >();

  #later(client: number): void {
    const { scheduler, random } = this.#cluster;
    scheduler.after(random.between(0, this.#options.thinkMs), () => this.#next(client));
  }

  #next(client: number): void {
    if (this.#left === 0) return;
    const connection = this.#connectionOf(client);
    if (connection === null) return this.#later(client);
    this.#left--;
    this.#running++;
    const { random, scheduler } = this.#cluster;
    const { action, key } = this.#pick(client, random.pick(this.#options.keys));
    const open: Open = { client, key, action, invokedAt: scheduler.nowMs, answered: false };
    this.#open.add(open);
    connection.submit(requestOf(key, action, this.#tokens.get(`${client} ${key}`)?.cas ?? 0n), (reply) => {
      this.#onReply(open, reply);
    });
    // A client gives a connection up that does not answer: what it asked may have happened.
    scheduler.after(GIVE_UP_AFTER_MS, () => {
      if (open.answered) return;
      open.answered = true;
      this.#connections.delete(client);
      this.#done(client);
    });
  }

  /** A client stays with its node while that lives, and then goes to another. */
  #connectionOf(client: number): ReturnType<SimCluster['nodes'][number]['connect']> | null {
    const { nodes, random } = this.#cluster;
    const current = this.#connections.get(client);
    if (current !== undefined && nodes[current.node]!.incarnation === current.life) return current.connection;
    const alive = nodes.filter((node) => node.core !== null);
    if (alive.length === 0) return null;
    const node = current === undefined ? nodes[client % nodes.length]! : random.pick(alive);
    if (node.core === null) return null;
    const connection = node.connect();
    this.#connections.set(client, { node: node.id, life: node.incarnation, connection });
    return connection;
  }

  #pick(client: number, key: string): { key: string; action: Action } {
    const kind = this.#cluster.random.pick(this.#options.actions);
    const value = String(++this.#values * 1_000);
    switch (kind) {
      case 'get':
      case 'delete':
        return { key, action: { kind } };
      case 'flush':
        return { key: '', action: { kind } };
      case 'set':
      case 'add':
      case 'replace':
        return { key, action: { kind, value } };
      case 'append':
        return { key, action: { kind, value: `,${value}` } };
      case 'incr':
        return { key, action: { kind, by: 1 } };
      case 'cas': {
        const token = this.#tokens.get(`${client} ${key}`);
        return {
          key,
          action: token === undefined ? { kind: 'get' } : { kind, expected: token.value, value },
        };
      }
    }
  }

  #onReply(open: Open, reply: Reply): void {
    if (open.answered) return;
    open.answered = true;
    this.#open.delete(open);
    const at = this.#cluster.scheduler.nowMs;
    if (reply.kind === 'server_error') {
      this.failures++;
      if (reply.reason.startsWith('outcome unknown') && open.action.kind !== 'get') {
        this.#events.push(eventOf(open, { kind: 'unknown' }, Number.POSITIVE_INFINITY));
      }
    } else {
      this.#events.push(eventOf(open, this.#answerOf(open, reply), at));
    }
    this.#done(open.client);
  }

  #answerOf(open: Open, reply: Reply): Answer {
    switch (reply.kind) {
      case 'outcome':
        return { kind: 'word', word: reply.outcome };
      case 'number':
        return { kind: 'value', value: String(reply.value) };
      case 'client_error':
        return { kind: 'word', word: 'client_error' };
      case 'hits': {
        const hit = reply.hits[0];
        if (hit === undefined) return { kind: 'value', value: null };
        const value = hit.value.toString();
        this.#tokens.set(`${open.client} ${open.key}`, { cas: hit.cas, value });
        return { kind: 'value', value };
      }
      default:
        throw new Error(`an unexpected reply: ${reply.kind}`);
    }
  }

  #done(client: number): void {
    this.#running--;
    this.#later(client);
  }
}

/** How long a client waits for an answer before it turns to another controller, in virtual milliseconds. */
const GIVE_UP_AFTER_MS = 5_000;

function eventOf(open: Open, answer: Answer, returnedAt: number): Event {
  const { client, key, action, invokedAt } = open;
  return { client, key, action, answer, invokedAt, returnedAt };
}

function requestOf(key: string, action: Action, cas: bigint): Request {
  const store = (verb: StoreVerb, value: string): Request =>
    storeRequest(verb, key, 0, 0, Buffer.from(value), verb === 'cas' ? cas : null);
  switch (action.kind) {
    case 'get':
      return { kind: 'get', keys: [key], withCas: true };
    case 'set':
    case 'add':
    case 'replace':
    case 'append':
    case 'cas':
      return store(action.kind, action.value);
    case 'incr':
      return arithmeticRequest('incr', key, BigInt(action.by));
    case 'delete':
      return deleteRequest(key);
    case 'flush':
      return { kind: 'flush_all', delay: 0, noreply: false };
  }
}
