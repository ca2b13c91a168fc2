import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../base/seeded-random.ts';
import type { DrillConnection } from './drill-connection.ts';
import type { DrillKeys } from './drill-keys.ts';
import type { DrillSession, Recorder } from './recorder.ts';

/** What clients of all kinds have in common. */
export interface ClientPlan {
  readonly recorder: Recorder;
  readonly keys: DrillKeys;
  readonly random: SeededRandom;
  readonly controllers: number;
  /** Sessions go from controller to controller, by tokens. */
  readonly withTokens: boolean;
}

const WRITE_SHARE = 0.4;

/** Where sessions move, a client goes on at another controller after so many operations, on average. */
const OPERATIONS_AT_ONE = 10;

/** Reads and writes keys, and waits for each answer. @param pauseMs between two operations, on average */
export async function write(plan: ClientPlan, at: number, pauseMs: number): Promise<void> {
  const { recorder, random, controllers, withTokens, keys } = plan;
  const client = recorder.newClient();
  let controller = at;
  let session = recorder.newSession();
  while (!recorder.isStopping) {
    const connection = await recorder.dialUntilStopped(controller);
    if (connection === null) return;
    session = await carryOn(recorder, connection, session);
    if (session.lastKey !== null)
      await recorder.perform(connection, { client, session, controller, key: session.lastKey, kind: 'get' });
    let stays = true;
    while (stays && !recorder.isStopping && !connection.isLost) {
      const kind = random.chance(WRITE_SHARE) ? 'set' : 'get';
      const key = keys.pick();
      await recorder.perform(connection, { client, session, controller, key, kind });
      session.lastKey = key;
      await sleep(random.next() * 2 * pauseMs);
      stays = !withTokens || !random.chance(1 / OPERATIONS_AT_ONE);
    }
    recorder.hangUp(connection);
    if (!stays) controller = (controller + 1 + random.below(Math.max(1, controllers - 1))) % controllers;
  }
}

/** Goes on with the session where its token is accepted. */
async function carryOn(
  recorder: Recorder,
  connection: DrillConnection,
  session: DrillSession,
): Promise<DrillSession> {
  if (session.token === null) return recorder.newSession();
  try {
    const { kind } = await connection.resume(session.token);
    return kind === 'done' ? session : recorder.newSession();
  } catch {
    return session;
  }
}

/** A poller sends its reads at this interval, and waits for no answer, in milliseconds. */
const POLL_MS = 40;
const PENDING_MAX = 200;

/**
 * Goes on asking a controller that stands still. When the controller goes on, it finds reads that are younger than the
 * writes that the others have completed meanwhile.
 */
export async function poll({ recorder, keys }: ClientPlan, controller: number): Promise<void> {
  const client = recorder.newClient();
  while (!recorder.isStopping) {
    const connection = await recorder.dialUntilStopped(controller);
    if (connection === null) return;
    const session = recorder.newSession();
    const asked: Promise<unknown>[] = [];
    while (!recorder.isStopping && !connection.isLost) {
      const key = keys.pick();
      if (connection.pending < PENDING_MAX)
        asked.push(recorder.perform(connection, { client, session, controller, key, kind: 'get' }));
      await sleep(POLL_MS);
    }
    await Promise.all(asked);
    recorder.hangUp(connection);
  }
}
