import type { Reply } from '../../src/protocol/reply.ts';
import type { Action, Answer, Event, History } from '../checkers/history.ts';
import type { Seen } from '../checkers/session-order.ts';
import { answerOf, describeAction, describeReply, replyFor, requestOf, tokenOf } from './operations.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';
import type { SimClientConnection } from './sim-run.ts';

/** Answered later than this beyond the request timeout is not answered in time, in virtual milliseconds. */
const ANSWER_SLACK_MS = 200;

/** A connection of a client to one run of a controller. For the checkers each is a client of its own. */
export interface Connection {
  readonly id: number;
  readonly node: SimNode;
  readonly life: number;
  readonly submit: SimClientConnection['submit'];
}

/**
 * What became of a request. `failed`: it never happened; `lost`: no answer came, which is nobody's fault.
 */
export type Fate = 'answered' | 'failed' | 'unknown' | 'lost';

/** What a client asks for. */
export interface Asked {
  readonly action: Action;
  /** The token that a `cas` names. */
  readonly cas?: bigint;
  /** For how long what is stored is to live, in seconds; 0 for good. */
  readonly seconds?: number;
  /** Keys that a `get` names, too. */
  readonly beside?: readonly string[];
}

interface Open {
  readonly connection: Connection;
  readonly key: string;
  readonly action: Action;
  readonly invokedAt: number;
  readonly onDone: (fate: Fate, reply: Reply | null) => void;
  done: boolean;
}

/** Sends what clients ask, and writes down what they saw. */
export class Recorder {
  readonly #cluster: SimCluster;
  readonly #giveUpAfterMs: number;
  readonly #events: Event[] = [];
  readonly seen: Seen[] = [];
  /** Requests that a controller should have answered and did not, in words. */
  readonly unanswered: string[] = [];
  #connections = 0;
  #planEnd: number | undefined;
  failures = 0;

  /** @param requestTimeoutMs as the controllers are told */
  constructor(cluster: SimCluster, requestTimeoutMs: number) {
    this.#cluster = cluster;
    this.#giveUpAfterMs = requestTimeoutMs + ANSWER_SLACK_MS;
  }

  get history(): History {
    return this.#events;
  }

  /** What was seen until `endPlan` was called: what follows only asks how it ended. */
  get planned(): History {
    return this.#events.slice(0, this.#planEnd);
  }

  /** The clients have done what they were to do. */
  endPlan(): void {
    this.#planEnd = this.#events.length;
  }

  /** @param node that runs */
  connect(node: SimNode): Connection {
    const { submit } = node.connect();
    return { id: this.#connections++, node, life: node.incarnation, submit };
  }

  /** @param onDone called exactly once */
  ask(
    connection: Connection,
    key: string,
    { action, cas = 0n, seconds = 0, beside = [] }: Asked,
    onDone: (fate: Fate, reply: Reply | null) => void,
  ): void {
    const { scheduler } = this.#cluster;
    const open: Open = { connection, key, action, invokedAt: scheduler.nowMs, onDone, done: false };
    this.#note(
      connection,
      () => `asks ${describeAction(key, action)}${seconds > 0 ? ` for ${seconds} s` : ''}`,
    );
    connection.submit(requestOf(key, action, cas, seconds, beside), (reply) =>
      this.#onReply(open, replyFor(key, reply)),
    );
    scheduler.after(this.#giveUpAfterMs, () => this.#giveUp(open));
  }

  #onReply(open: Open, reply: Reply): void {
    const { connection, key, action, invokedAt } = open;
    this.#note(connection, () => `gets ${describeReply(reply)} to ${describeAction(key, action)}`);
    if (open.done) return;
    open.done = true;
    const answer = answerOf(reply);
    const returnedAt = this.#cluster.scheduler.nowMs;
    const version = tokenOf(reply);
    if (version !== null) this.seen.push({ client: connection.id, key, version, invokedAt, returnedAt });
    if (answer === null || answer.kind === 'unknown') this.failures++;
    if (answer !== null) this.#record(open, answer);
    open.onDone(answer === null ? 'failed' : answer.kind === 'unknown' ? 'unknown' : 'answered', reply);
  }

  /** A client gives a connection up that does not answer: what it asked may have happened. */
  #giveUp(open: Open): void {
    if (open.done) return;
    open.done = true;
    const { connection, key, action, invokedAt } = open;
    const { node, life } = connection;
    this.#note(connection, () => `gives up on ${describeAction(key, action)}`);
    if (node.incarnation === life && !node.paused && node.pausedUntilMs < invokedAt) {
      this.unanswered.push(`${describeAction(key, action)}, asked of n${node.id} at ${invokedAt.toFixed(3)}`);
    }
    if (action.kind !== 'get') this.#record(open, { kind: 'unknown' });
    open.onDone('lost', null);
  }

  #record({ connection, key, action, invokedAt }: Open, answer: Answer): void {
    const returnedAt = answer.kind === 'unknown' ? Number.POSITIVE_INFINITY : this.#cluster.scheduler.nowMs;
    this.#events.push({ client: connection.id, key, action, answer, invokedAt, returnedAt });
  }

  #note({ id, node }: Connection, text: () => string): void {
    this.#cluster.transcript?.line(node.id, `client ${id} ${text()}`);
  }
}
