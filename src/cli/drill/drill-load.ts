import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../base/seeded-random.ts';
import type { Address } from '../../controller/settings.ts';
import type { Level } from '../../placement/level.ts';
import { reasonOf } from '../failure.ts';
import { DrillConnection, DrillConnectionLost, type DrillReply } from './drill-connection.ts';
import type { DrillKeys } from './drill-keys.ts';
import type { DrillOperation, FinalState, ShownEntry } from './drill-record.ts';

/** What the clients do. */
export interface LoadPlan {
  /** Of every controller, in the order of the ids. */
  readonly addresses: readonly Address[];
  readonly level: Level;
  readonly clients: number;
  /** The pause of a client between two operations, on average, in milliseconds. */
  readonly pauseMs: number;
  readonly random: SeededRandom;
  readonly keys: DrillKeys;
}

/** Operations in all that a drill aims at: as many as the checkers judge in some seconds. */
const OPERATIONS_AIM = 12_000;
const PAUSE_MS_MIN = 4;

/** The pause that makes about so many operations of a drill, in milliseconds. */
export function pauseMsFor(clients: number, forMs: number): number {
  return Math.max(PAUSE_MS_MIN, (clients * forMs) / OPERATIONS_AIM);
}

/** One client of each controller sends its reads at this interval, and waits for no answer, in milliseconds. */
const POLL_MS = 40;
const POLLS_MAX = 200;

const WRITE_SHARE = 0.4;
const RETRY_MS = 50;

/** At `causal`, a client goes on at another controller after so many operations, on average. */
const OPERATIONS_AT_ONE = 10;

/** A session on its way from one connection to the next. */
interface Session {
  readonly number: number;
  /** What it has seen; null when there is no token. */
  token: string | null;
  /** The key that it has read or written last: another controller is asked for it first. */
  lastKey: string | null;
}

/**
 * Clients of every controller that read and write keys of their own, whatever fails, and record what they see.
 *
 * Writers wait for each answer. Pollers do not: they go on asking a controller that stands still. When it goes on, it
 * finds reads that are younger than the writes that the others have completed meanwhile.
 */
export class DrillLoad {
  readonly #operations: DrillOperation[] = [];
  #firstReads: readonly DrillOperation[] = [];
  #lastReads: readonly DrillOperation[] = [];
  readonly #plan: LoadPlan;
  readonly #startMs = performance.now();
  readonly #tasks: Promise<void>[] = [];
  readonly #open = new Set<DrillConnection>();
  /** How often a client found no connection, by reason. */
  readonly refusedConnections = new Map<string, number>();
  #clients = 0;
  #sessions = 0;
  #values = 0;
  #isStopping = false;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
  }

  get nowMs(): number {
    return performance.now() - this.#startMs;
  }

  /** In the order in which they were sent. */
  get operations(): DrillOperation[] {
    const all = new Set([...this.#operations, ...this.#firstReads, ...this.#lastReads]);
    return [...all].sort((a, b) => a.sentMs - b.sentMs);
  }

  start(): void {
    const { addresses, clients } = this.#plan;
    for (let at = 0; at < clients; at++)
      this.#tasks.push(this.#write(this.#clients++, at % addresses.length));
    for (const controller of addresses.keys()) this.#tasks.push(this.#poll(this.#clients++, controller));
  }

  /** Starts no operation any more, and waits for those under way. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#tasks);
  }

  /** Ends all connections. */
  close(): void {
    this.#isStopping = true;
    for (const connection of this.#open) connection.close();
  }

  /**
   * Reads all keys at each controller. Only the first and the last time this is done are in the record.
   *
   * @throws DrillConnectionLost
   */
  async readAll(): Promise<FinalState[]> {
    const reads: DrillOperation[] = [];
    const states = await Promise.all(this.#plan.addresses.map((_, at) => this.#readAllAt(at, reads)));
    if (this.#firstReads.length === 0) this.#firstReads = reads;
    this.#lastReads = reads;
    return states;
  }

  async #readAllAt(controller: number, reads: DrillOperation[]): Promise<FinalState> {
    const client = this.#clients++;
    const session = this.#newSession();
    const connection = await this.#dial(controller);
    const shown = new Map<string, ShownEntry>();
    try {
      for (const key of this.#plan.keys.all) {
        const asked = { client, session, controller, key, kind: 'get' } as const;
        const { outcome, value, version, reason } = await this.#perform(connection, asked, reads);
        if (outcome !== 'answered') throw new DrillConnectionLost(reason);
        shown.set(key, { value, version });
      }
      return shown;
    } finally {
      this.#hangUp(connection);
    }
  }

  async #write(client: number, at: number): Promise<void> {
    const { random, addresses, level } = this.#plan;
    let controller = at;
    let session = this.#newSession();
    while (!this.#isStopping) {
      const connection = await this.#dialUntilStopped(controller);
      if (connection === null) return;
      session = await this.#carryOn(connection, session);
      if (session.lastKey !== null)
        await this.#perform(connection, { client, session, controller, key: session.lastKey, kind: 'get' });
      let stays = true;
      while (stays && !this.#isStopping && !connection.isLost) {
        const kind = random.chance(WRITE_SHARE) ? 'set' : 'get';
        const key = this.#plan.keys.pick();
        await this.#perform(connection, { client, session, controller, key, kind });
        session.lastKey = key;
        await sleep(random.next() * 2 * this.#plan.pauseMs);
        stays = level !== 'causal' || !random.chance(1 / OPERATIONS_AT_ONE);
      }
      this.#hangUp(connection);
      if (!stays)
        controller = (controller + 1 + random.below(Math.max(1, addresses.length - 1))) % addresses.length;
    }
  }

  async #poll(client: number, controller: number): Promise<void> {
    while (!this.#isStopping) {
      const connection = await this.#dialUntilStopped(controller);
      if (connection === null) return;
      const session = this.#newSession();
      const asked: Promise<unknown>[] = [];
      while (!this.#isStopping && !connection.isLost) {
        const key = this.#plan.keys.pick();
        if (connection.pending < POLLS_MAX)
          asked.push(this.#perform(connection, { client, session, controller, key, kind: 'get' }));
        await sleep(POLL_MS);
      }
      await Promise.all(asked);
      this.#hangUp(connection);
    }
  }

  /** Goes on with the session where its token is accepted. */
  async #carryOn(connection: DrillConnection, session: Session): Promise<Session> {
    if (session.token === null) return this.#newSession();
    try {
      const { kind } = await connection.resume(session.token);
      return kind === 'done' ? session : this.#newSession();
    } catch {
      return session;
    }
  }

  #newSession(): Session {
    return { number: this.#sessions++, token: null, lastKey: null };
  }

  async #dialUntilStopped(controller: number): Promise<DrillConnection | null> {
    while (!this.#isStopping) {
      try {
        return await this.#dial(controller);
      } catch (error) {
        const reason = reasonOf(error);
        this.refusedConnections.set(reason, (this.refusedConnections.get(reason) ?? 0) + 1);
        await sleep(RETRY_MS);
      }
    }
    return null;
  }

  async #dial(controller: number): Promise<DrillConnection> {
    const connection = await DrillConnection.dial(this.#plan.addresses[controller]!);
    this.#open.add(connection);
    return connection;
  }

  #hangUp(connection: DrillConnection): void {
    connection.close();
    this.#open.delete(connection);
  }

  async #perform(
    connection: DrillConnection,
    asked: Pick<DrillOperation, 'client' | 'controller' | 'key' | 'kind'> & { readonly session: Session },
    record: DrillOperation[] = this.#operations,
  ): Promise<DrillOperation> {
    const { session, key, kind } = asked;
    const written = kind === 'set' ? `v${++this.#values}` : null;
    const withToken = this.#plan.level === 'causal';
    const sentMs = this.nowMs;
    const ended = await (written === null
      ? connection.get(key, withToken)
      : connection.set(key, written, withToken)
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
