import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCausalViolation } from '../../src/checkers/causal-convergence.ts';
import type { SessionEvent } from '../../src/checkers/session-history.ts';
import { findBrokenGuarantee } from '../checkers/session-guarantees.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import type { TextClient } from '../support/text-client.ts';

/** Sessions that go from controller to controller, with real processes. */

const SESSIONS = 6;
const STEPS = 150;
const KEYS = 4;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ level: 'causal', store: 'custom' });
});
afterAll(() => cluster?.stop());

async function tokenOf(client: TextClient): Promise<string> {
  const line = await client.ask('session\r\n');
  expect(line).toMatch(/^SESSION [\w-]+$/);
  return line.split(' ')[1]!;
}

/** One client that does each step at another controller than the step before. */
async function hop(session: number, events: SessionEvent[], clients: readonly TextClient[]): Promise<void> {
  let token: string | null = null;
  for (let step = 0; step < STEPS; step++) {
    const client = clients[(session + step) % clients.length]!;
    if (token !== null) expect(await client.ask(`session ${token}\r\n`)).toBe('OK');
    const key = `k${(session * 7 + step * 3) % KEYS}`;
    if (step % 3 === 0) {
      const value = `${session}-${step}`;
      expect(await client.set(key, value)).toBe('STORED');
      events.push({ session, key, kind: 'write', value });
    } else events.push({ session, key, kind: 'read', value: await client.get(key) });
    token = await tokenOf(client);
  }
}

describe('sessions that go from controller to controller', () => {
  it('see what is causal, all at once', async () => {
    const events: SessionEvent[] = [];
    const all = await Promise.all(Array.from({ length: SESSIONS }, () => cluster.clients()));
    await Promise.all(all.map((clients, session) => hop(session, events, clients)));
    for (const client of all.flat()) client.close();
    expect(events.length).toBe(SESSIONS * STEPS);
    expect(findCausalViolation(events)).toBeNull();
    expect(findBrokenGuarantee(events)).toBeNull();
  });

  it('are carried by a pool of connections, with two flags of the meta commands', async () => {
    const [a, b] = (await cluster.clients()) as [TextClient, TextClient];
    const stored = await a.ask('ms pooled 1 y\r\n1\r\n');
    expect(stored).toMatch(/^HD y[\w-]+$/);
    const read = await b.ask(`mg pooled t Y${stored.slice('HD y'.length)} y\r\n`);
    expect(read).toMatch(/^HD t-1 y[\w-]+$/);
    for (const client of [a, b]) client.close();
  });

  it('are refused with a token that is none, or was changed', async () => {
    const [client] = (await cluster.clients()) as [TextClient];
    await client.set('x', '1');
    const token = await tokenOf(client);
    expect(await client.ask('session nonsense\r\n')).toMatch(/^SERVER_ERROR the session token is cut short/);
    const changed = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    expect(await client.ask(`session ${changed}\r\n`)).toMatch(/^SERVER_ERROR the session token was changed/);
    expect(await client.ask(`mg x v Y${changed}\r\n`)).toMatch(/^SERVER_ERROR the session token was changed/);
    expect(await client.ask(`session ${token}\r\n`)).toBe('OK');
    client.close();
  });
});
