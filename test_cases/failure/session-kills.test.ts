import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { findCausalViolation } from '../../src/checkers/causal-convergence.ts';
import type { SessionEvent } from '../../src/checkers/session-history.ts';
import type { LevelsStatus } from '../../src/controller/status/status.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { SessionLoad } from '../support/session-load.ts';
import type { TextClient } from '../support/text-client.ts';

/** What sessions see while controllers are killed, judged by the checkers of causal consistency. */

const DURABLE = { durability: 'sync' };

/** A row of keys, which one session writes from its beginning to its end. */
const ROW = 100;
const ROUNDS = 4;

/** An exchange of a row takes many parts. */
const PADDING = 'x'.repeat(20_000);

/** About the time in which a controller that starts gets what it has missed, in milliseconds. */
const CATCH_UP_MS = 500;

/** About the time that a change of level takes, in milliseconds. */
const SWITCH_MS = 400;

const nameIn = (value: string | null): string | null => value?.split(' ', 1)[0] ?? null;

/** Connects as soon as the controller listens. */
const reach = (cluster: Cluster, id: number): Promise<TextClient> => eventually(() => cluster.client(id));

async function writeRow(client: TextClient, round: number, events: SessionEvent[]): Promise<void> {
  for (let place = 0; place < ROW; place++) {
    const [key, value] = [`row-${place}`, `${round}-${place}`];
    expect(await client.set(key, `${value} ${PADDING}`)).toBe('STORED');
    events.push({ session: 0, key, kind: 'write', value });
  }
}

/** Reads the row from its end: who finds a write and then not the one before it has seen half of an exchange. */
async function readRow(client: TextClient, session: number, events: SessionEvent[]): Promise<void> {
  for (let place = ROW - 1; place >= 0; place--) {
    const key = `row-${place}`;
    events.push({ session, key, kind: 'read', value: nameIn(await client.get(key)) });
  }
}

describe('sessions while controllers are killed', () => {
  it('see an exchange whole or not at all, also when a controller dies in the middle of it', async () => {
    await using cluster = await startCluster({ level: 'causal', settings: DURABLE });
    const events: SessionEvent[] = [];
    let sessions = 1;
    const writer = await cluster.client(0);
    const readRows = async (isOver: () => boolean): Promise<void> => {
      while (!isOver()) {
        try {
          using client = await cluster.client(2);
          await readRow(client, sessions++, events);
        } catch {
          await sleep(5);
        }
      }
    };
    for (let round = 0; round < ROUNDS; round++) {
      await cluster.kill(2);
      await writeRow(writer, round, events);
      cluster.start(2);
      (await reach(cluster, 2)).close();
      let isKilled = false;
      const reading = readRows(() => isKilled);
      await sleep(Math.random() * CATCH_UP_MS);
      await cluster.kill(2);
      isKilled = true;
      await reading;
      cluster.start(2);
      await readRows(() => events.at(-1)!.kind === 'read' && events.at(-1)!.value === `${round}-0`);
    }
    expect(findCausalViolation(events)).toBe(null);
  });

  it('keep what they are promised while the level changes and a controller is killed in any step', async () => {
    await using cluster = await startCluster({ level: 'linearizability', settings: DURABLE });
    const load = new SessionLoad(cluster);
    for (let round = 0; round < ROUNDS; round++) {
      const level = round % 2 === 0 ? 'causal' : 'linearizability';
      await load.more(60);
      const [asked, killed] = [round % 3, (round + Math.floor(round / 3)) % 3];
      using client = await cluster.client(asked);
      expect(await client.ask(`keyspace default ${level}\r\n`)).toMatch(/^default moves from/);
      await sleep(Math.random() * SWITCH_MS);
      await cluster.kill(killed);
      await load.more(20);
      await cluster.restart(killed);
      using again = await cluster.client(asked);
      await eventually(async () => {
        const { move, keyspaces } = JSON.parse(await again.ask('keyspace json\r\n')) as LevelsStatus;
        return move === null && keyspaces[0]!.level === level;
      });
    }
    expect(await load.stop()).toBe(null);
  });
});
