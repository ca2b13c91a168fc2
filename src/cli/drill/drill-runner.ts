import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientPlan } from './drill-clients.ts';
import type { DrillConnection } from './drill-connection.ts';
import type { DrillSession } from './recorder.ts';

/** Reads that one controller has not answered, at most. */
const PENDING_MAX = 100;

/**
 * A client that runs after its own writes: it writes at one controller, and as soon as the write is answered it reads
 * the key at another controller. That one may only just have got the write, or may lack it because it stood still, was
 * started again or cut off. The client does not wait for these reads, and goes on with the next write.
 *
 * Where sessions move, each write is a session of its own, and the read goes on with it by its token. Elsewhere each
 * connection is a session.
 */
export class DrillRunner {
  readonly #plan: ClientPlan;
  readonly #home: number;
  readonly #client: number;
  readonly #reads: Promise<void>[] = [];
  /** By controller: the connection for reads, and the session of the connection; null while there is none. */
  readonly #lines: ({ readonly connection: DrillConnection; readonly session: DrillSession } | null)[];
  /** By controller: a read waits for a connection. */
  readonly #isDialling: boolean[];

  /** @param home the controller that it writes at */
  constructor(plan: ClientPlan, home: number) {
    this.#plan = plan;
    this.#home = home;
    this.#client = plan.recorder.newClient();
    this.#lines = Array.from({ length: plan.controllers }, () => null);
    this.#isDialling = Array.from({ length: plan.controllers }, () => false);
  }

  /** @param pauseMs between two writes, on average. Resolves once the clients stop, and all reads have ended */
  async run(pauseMs: number): Promise<void> {
    const { recorder, keys, random, withTokens } = this.#plan;
    const controller = this.#home;
    while (!recorder.isStopping) {
      const connection = await recorder.dialUntilStopped(controller);
      if (connection === null) break;
      let session = recorder.newSession();
      while (!recorder.isStopping && !connection.isLost) {
        if (withTokens) session = recorder.newSession();
        const asked = { client: this.#client, session, controller, key: keys.pick(), kind: 'set' } as const;
        const { outcome, key } = await recorder.perform(connection, asked);
        if (outcome === 'answered') this.#reads.push(this.#readElsewhere(session, key));
        await sleep(random.next() * 2 * pauseMs);
      }
      recorder.hangUp(connection);
    }
    await Promise.all(this.#reads);
    for (const line of this.#lines) if (line !== null) recorder.hangUp(line.connection);
  }

  async #readElsewhere(writing: DrillSession, key: string): Promise<void> {
    const { recorder, random, controllers, withTokens } = this.#plan;
    const controller = (this.#home + 1 + random.below(Math.max(1, controllers - 1))) % controllers;
    if (this.#isDialling[controller]) return;
    const line = await this.#lineTo(controller);
    if (line === null || line.connection.pending > PENDING_MAX) return;
    const { connection } = line;
    let session = line.session;
    if (withTokens && writing.token !== null) {
      session = writing;
      // The read is sent right behind the token, so that nothing has time to reach the controller in between.
      connection.resume(writing.token).catch(() => {});
    }
    await recorder.perform(connection, { client: this.#client, session, controller, key, kind: 'get' });
  }

  /** @returns null when the clients are to stop */
  async #lineTo(controller: number): Promise<{ connection: DrillConnection; session: DrillSession } | null> {
    const { recorder } = this.#plan;
    const present = this.#lines[controller] ?? null;
    if (present !== null && !present.connection.isLost) return present;
    if (present !== null) recorder.hangUp(present.connection);
    this.#isDialling[controller] = true;
    const connection = await recorder.dialUntilStopped(controller);
    this.#isDialling[controller] = false;
    const line = connection === null ? null : { connection, session: recorder.newSession() };
    this.#lines[controller] = line;
    return line;
  }
}
