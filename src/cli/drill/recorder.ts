import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../../controller/settings.ts';
import { reasonOf } from '../failure.ts';
import { DrillConnection, type DrillReply } from './drill-connection.ts';
import type { DrillOperation } from './drill-record.ts';

/** A session on its way from one connection to the next. */
export interface DrillSession {
  readonly number: number;
  /** What it has seen; null when there is no token. */
  token: string | null;
  /** The key that it has read or written last: another controller is asked for it first. */
  lastKey: string | null;
}

/** What a client asks for. */
export type DrillRequest = Pick<DrillOperation, 'client' | 'controller' | 'key' | 'kind'> & {
  readonly session: DrillSession;
};

const RETRY_MS = 20;

/** Connections of clients to controllers, and a record of what is asked and answered on them. */
export class Recorder {
  readonly #addresses: readonly Address[];
  /** Each answer brings the token of its session. */
  readonly #withTokens: boolean;
  readonly #operations: DrillOperation[] = [];
  readonly #startMs = performance.now();
  readonly #open = new Set<DrillConnection>();
  /** How often a client found no connection, by reason. */
  readonly refusedConnections = new Map<string, number>();
  #clients = 0;
  #sessions = 0;
  #values = 0;
  #isStopping = false;

  constructor(addresses: readonly Address[], withTokens: boolean) {
    this.#addresses = addresses;
    this.#withTokens = withTokens;
  }

  /** Since the drill began, in milliseconds. */
  get nowMs(): number {
    return performance.now() - this.#startMs;
  }

  get operations(): readonly DrillOperation[] {
    return this.#operations;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Clients start nothing any more. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Ends all connections. */
  close(): void {
    this.stop();
    for (const connection of this.#open) connection.close();
  }

  /** @returns its number */
  newClient(): number {
    return this.#clients++;
  }

  newSession(): DrillSession {
    return { number: this.#sessions++, token: null, lastKey: null };
  }

  /** @returns null when the clients are to stop */
  async dialUntilStopped(controller: number): Promise<DrillConnection | null> {
    while (!this.#isStopping) {
      try {
        return await this.dial(controller);
      } catch (error) {
        const reason = reasonOf(error);
        this.refusedConnections.set(reason, (this.refusedConnections.get(reason) ?? 0) + 1);
        await sleep(RETRY_MS);
      }
    }
    return null;
  }

  /** @throws DrillConnectionLost */
  async dial(controller: number): Promise<DrillConnection> {
    const connection = await DrillConnection.dial(this.#addresses[controller]!);
    this.#open.add(connection);
    return connection;
  }

  hangUp(connection: DrillConnection): void {
    connection.close();
    this.#open.delete(connection);
  }

  /** @param record where the operation is noted once it has ended */
  async perform(
    connection: DrillConnection,
    asked: DrillRequest,
    record: DrillOperation[] = this.#operations,
  ): Promise<DrillOperation> {
    const { session, key, kind } = asked;
    const written = kind === 'set' ? `v${++this.#values}` : null;
    const sentMs = this.nowMs;
    const ended = await (written === null
      ? connection.get(key, this.#withTokens)
      : connection.set(key, written, this.#withTokens)
    ).then(
      (reply) => ({ ...outcomeOf(reply, written), token: reply.kind === 'done' ? reply.token : null }),
      (error: unknown) => ({ ...lostOutcome(written, reasonOf(error)), token: null }),
    );
    const { token, ...outcome } = ended;
    if (token !== null) session.token = token;
    const operation = { ...asked, session: session.number, sentMs, endedMs: this.nowMs, ...outcome };
    record.push(operation);
    return operation;
  }
}

type Outcome = Pick<DrillOperation, 'value' | 'version' | 'outcome' | 'reason'>;

function outcomeOf(reply: DrillReply, written: string | null): Outcome {
  if (reply.kind === 'done')
    return { value: written ?? reply.value, version: reply.version, outcome: 'answered', reason: '' };
  const outcome = written !== null && reply.mayHaveHappened ? 'unknown' : 'failed';
  return { value: written, version: null, outcome, reason: reply.reason };
}

/** A read that was not answered has not happened, as far as anybody can tell. */
function lostOutcome(written: string | null, reason: string): Outcome {
  return { value: written, version: null, outcome: written === null ? 'failed' : 'unknown', reason };
}
