import type { Action, Answer, Event, History } from '../../src/checkers/history.ts';
import type { Seen } from '../../src/checkers/session-order.ts';
import { placeOfCas } from '../../src/ordering/version.ts';
import { LEVELS, type Level, letterOf } from '../../src/placement/level.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { answerOf, describeAction, describeReply, replyFor, requestOf, tokenOf } from './operations.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';
import type { SimClientConnection } from './sim-run.ts';

/** A reply may come this much later than the request timeout, in virtual milliseconds. */
const ANSWER_SLACK_MS = 200;

/** A client's connection to one run of a controller. For the checkers, each connection is a client of its own. */
export interface Connection {
  readonly id: number;
  readonly node: SimNode;
  readonly incarnation: number;
  readonly submit: SimClientConnection['submit'];
}

/**
 * What became of a request. `failed`: it certainly did not happen. `lost`: no answer came, and no controller is to
 * blame.
 */
export type Fate = 'answered' | 'failed' | 'unknown' | 'lost';

/** What a client asks for. */
export interface Asked {
  readonly action: Action;
  /** The token that a `cas` names. */
  readonly cas?: bigint;
  /** The time to live of what is stored, in seconds; 0 for ever. */
  readonly seconds?: number;
  /** Further keys that a `get` names. */
  readonly beside?: readonly string[];
  /** The level that a `get` asks for. */
  readonly level?: Level | null;
}

interface Open {
  readonly connection: Connection;
  readonly key: string;
  readonly action: Action;
  readonly request: Request;
  readonly invokedAt: number;
  readonly onDone: (fate: Fate, reply: Reply | null) => void;
  done: boolean;
}

/** Sends the requests of clients, and records what they saw. */
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
  /** The keys of writes with an unknown outcome that are not in `history`. */
  readonly doubtful: string[] = [];

  /** @param requestTimeoutMs the setting of the controllers */
  constructor(cluster: SimCluster, requestTimeoutMs: number) {
    this.#cluster = cluster;
    this.#giveUpAfterMs = requestTimeoutMs + ANSWER_SLACK_MS;
  }

  get history(): History {
    return this.#events;
  }

  /** The history until `endPlan` was called. Later requests only ask how it ended. */
  get planned(): History {
    return this.#events.slice(0, this.#planEnd);
  }

  /** To be called when the clients have carried out their plans. */
  endPlan(): void {
    this.#planEnd = this.#events.length;
  }

  /** @param node a controller that runs */
  connect(node: SimNode): Connection {
    const { submit } = node.connect();
    return { id: this.#connections++, node, incarnation: node.incarnation, submit };
  }

  /** @param onDone called exactly once */
  ask(
    connection: Connection,
    key: string,
    { action, cas = 0n, seconds = 0, beside = [], level = null }: Asked,
    onDone: (fate: Fate, reply: Reply | null) => void,
  ): void {
    const { scheduler } = this.#cluster;
    const request = requestOf(key, action, cas, seconds, beside, level);
    const open: Open = { connection, key, action, request, invokedAt: scheduler.nowMs, onDone, done: false };
    this.#note(
      connection,
      () =>
        `asks ${describeAction(key, action)}${level === null ? '' : ` at ${level}`}` +
        `${seconds > 0 ? ` for ${seconds} s` : ''}`,
    );
    connection.submit(request, (reply) => this.#onReply(open, replyFor(key, reply)));
    scheduler.after(this.#giveUpAfterMs, () => this.#giveUp(open));
  }

  #onReply(open: Open, reply: Reply): void {
    const { connection, key, action, invokedAt } = open;
    this.#note(connection, () => `gets ${describeReply(reply)} to ${describeAction(key, action)}`);
    if (open.done) return;
    open.done = true;
    const isMiss = action.kind === 'get' && reply.kind === 'outcome';
    const answer: Answer | null = isMiss ? { kind: 'value', value: null } : answerOf(reply);
    const returnedAt = this.#cluster.scheduler.nowMs;
    const token = tokenOf(reply);
    const version = token === null ? null : placeOfCas(token);
    if (version !== null) this.seen.push({ client: connection.id, key, version, invokedAt, returnedAt });
    if (answer === null || answer.kind === 'unknown') this.failures++;
    if (answer !== null) this.#record(open, answer);
    open.onDone(answer === null ? 'failed' : answer.kind === 'unknown' ? 'unknown' : 'answered', reply);
  }

  /** The client waits no longer for the answer: the request may have happened. */
  #giveUp(open: Open): void {
    if (open.done) return;
    open.done = true;
    const { connection, key, action, invokedAt } = open;
    const { node, incarnation } = connection;
    this.#note(connection, () => `gives up on ${describeAction(key, action)}`);
    if (node.incarnation === incarnation && !node.paused && node.pausedUntilMs < invokedAt) {
      this.unanswered.push(`${describeAction(key, action)}, asked of n${node.id} at ${invokedAt.toFixed(3)}`);
    }
    if (action.kind !== 'get') this.#record(open, { kind: 'unknown' });
    open.onDone('lost', null);
  }

  #record({ connection, key, action, request, invokedAt }: Open, answer: Answer): void {
    const returnedAt = answer.kind === 'unknown' ? Number.POSITIVE_INFINITY : this.#cluster.scheduler.nowMs;
    const weaker = weakerLevelOf(request);
    this.#events.push({
      client: connection.id,
      key,
      action,
      answer,
      invokedAt,
      returnedAt,
      ...(weaker === null ? {} : { weaker }),
    });
  }

  #note({ id, node }: Connection, text: () => string): void {
    this.#cluster.transcript?.line(node.id, `client ${id} ${text()}`);
  }
}

/** The level that has served the read, if the read says that it is not the strongest one, which the cluster may have. */
function weakerLevelOf(request: Request): string | null {
  const served = request.kind === 'read_item' ? (request.levelFlag?.served ?? '') : '';
  return served === '' || served === letterOf(LEVELS[0]) ? null : served;
}
