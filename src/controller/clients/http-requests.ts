import { NO_STREAM } from '../../consistency/client-stream.ts';
import type { Coordinator } from '../../consistency/coordinator.ts';
import { Pipeline } from '../../consistency/pipeline.ts';
import { type Reply, serverError } from '../../protocol/reply.ts';
import type { Request } from '../../protocol/request.ts';
import type { ReadBudget } from '../../replication/read-flow.ts';
import { newContext } from '../../replication/request-context.ts';

export interface HttpRequestsPorts {
  readonly coordinator: Coordinator;
  readonly budget: ReadBudget;
  readonly clientName: () => string;
  readonly waitedForClientSince: (ms: number) => boolean;
  /** Called for every reply, in the order of the requests. */
  readonly onReply: (request: Request, reply: Reply) => void;
}

/**
 * The requests of one HTTP request, in their order. They are a session of their own: connections of HTTP are shared by
 * clients that know nothing of each other, so a session goes on by its token alone.
 */
export class HttpRequests {
  readonly #pipeline: Pipeline;
  readonly #requests: readonly Request[];
  readonly #replies: Reply[] = [];
  readonly #answer: (replies: readonly Reply[]) => void;
  readonly #timer: NodeJS.Timeout | null;
  #hasNoRoom = false;

  constructor(
    requests: readonly Request[],
    withinMs: number | null,
    ports: HttpRequestsPorts,
    answer: (replies: readonly Reply[]) => void,
  ) {
    const { coordinator, budget, clientName, waitedForClientSince } = ports;
    this.#requests = requests;
    this.#answer = answer;
    this.#pipeline = new Pipeline(coordinator, {
      context: newContext(),
      onReply: (request, reply) => this.#onReply(request, reply, ports),
      // Only the reads of many keys at once come in parts, and none of these is made here.
      onPart: () => {},
      stream: NO_STREAM,
      budget,
      clientName,
      waitedForClientSince,
    });
    this.#timer = withinMs === null ? null : setTimeout(() => this.#pipeline.expire(), withinMs);
  }

  begin(): void {
    for (const request of this.#requests) this.#pipeline.submit(request);
  }

  drain(): void {
    this.#pipeline.drain();
  }

  /** There is no room for the values of further replies. */
  giveUp(): void {
    if (this.#hasNoRoom) return;
    this.#hasNoRoom = true;
    setImmediate(() => this.#pipeline.expire());
  }

  /** Continues with reads that had to wait for budget. */
  goOn(): void {
    this.#pipeline.flow.retry();
  }

  /** The client has left: its reads are given up, its writes are carried out. */
  leave(): void {
    this.#clearTimer();
    this.#pipeline.leave();
  }

  #onReply(request: Request, reply: Reply, { onReply }: HttpRequestsPorts): void {
    onReply(request, reply);
    const isForRoom = this.#hasNoRoom && reply.kind === 'server_error' && reply.code === 'TIMED_OUT';
    this.#replies.push(isForRoom ? NO_ROOM : reply);
    if (this.#replies.length < this.#requests.length) return;
    this.#clearTimer();
    this.#answer(this.#replies);
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

const NO_ROOM = serverError(
  'OUT_OF_MEMORY',
  'there is no memory for the rest of so large an answer: ask for less',
);
