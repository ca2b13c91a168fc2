import { describe, expect, it } from 'vitest';
import { findCausalViolation } from '../../src/checkers/causal-convergence.ts';
import type { SessionEvent } from '../../src/checkers/session-history.ts';
import type { Settings } from '../../src/controller/settings.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { expectRight } from './expect-right.ts';
import { requestOf } from './operations.ts';
import { forEachSeed } from './seeds.ts';
import { SimCluster } from './sim-cluster.ts';
import type { SimClientConnection } from './sim-run.ts';

/** Sessions that go from controller to controller, at the level causal. */

class Stage {
  readonly cluster: SimCluster;

  constructor(settings: Partial<Settings> = {}, stagedBytesMax?: number) {
    this.cluster = new SimCluster({ seed: 1, level: 'causal', nodes: 3, settings, stagedBytesMax });
  }

  async start(): Promise<void> {
    await this.cluster.start();
    await this.cluster.run(500);
  }

  connect(node: number): SimClientConnection {
    return this.cluster.nodes[node]!.connect();
  }

  async ask(connection: SimClientConnection, request: Request): Promise<Reply> {
    let reply: Reply | null = null;
    connection.submit(request, (given) => {
      reply = given;
    });
    for (let i = 0; i < 10_000 && reply === null; i++) await this.cluster.run(1);
    return reply!;
  }

  set(connection: SimClientConnection, key: string, value: string): Promise<Reply> {
    return this.ask(connection, requestOf(key, { kind: 'set', value }, 0n, 0));
  }

  async get(connection: SimClientConnection, key: string): Promise<string> {
    const reply = await this.ask(connection, requestOf(key, { kind: 'get' }, 0n, 0));
    if (reply.kind === 'server_error') return reply.code;
    return reply.kind === 'hits' ? (reply.hits[0]?.value.toString() ?? 'nothing') : reply.kind;
  }

  async leave(connection: SimClientConnection): Promise<string> {
    const reply = await this.ask(connection, { kind: 'session', token: null });
    return reply.kind === 'line' ? reply.line.split(' ')[1]! : reply.kind;
  }

  /** A connection that goes on from the session of the token. */
  async come(node: number, token: string): Promise<SimClientConnection> {
    const connection = this.connect(node);
    expect(await this.ask(connection, { kind: 'session', token })).toMatchObject({ outcome: 'ok' });
    return connection;
  }

  /** Nothing gets from one controller to the other, and the link stays. */
  block(from: number, to: number): void {
    this.cluster.network.block(from, to);
  }
}

async function staged(): Promise<Stage> {
  const stage = new Stage();
  await stage.start();
  return stage;
}

describe('a session that goes to another controller', () => {
  it('reads its own write there, though the write has to be asked for', async () => {
    const stage = await staged();
    const at0 = stage.connect(0);
    await stage.set(at0, 'x', '1');
    const at1 = await stage.come(1, await stage.leave(at0));
    expect(await stage.get(at1, 'x')).toBe('1');
  });

  it('reads the first write of a run though the link is cut', async () => {
    const stage = await staged();
    const at0 = stage.connect(0);
    await stage.set(at0, 'x', '1');
    await stage.cluster.run(20);
    for (const other of [1, 2]) {
      stage.block(0, other);
      stage.block(other, 0);
    }
    const at1 = await stage.come(1, await stage.leave(at0));
    expect(await stage.get(at1, 'x')).toBe('1');
    expect(await stage.get(at1, 'y')).toBe('nothing');
  });

  it('is told what it waits for when it can not be told what it has seen', async () => {
    const stage = await staged();
    stage.block(0, 1);
    stage.block(0, 2);
    const at0 = stage.connect(0);
    await stage.set(at0, 'x', '1');
    const token = await stage.leave(at0);
    expect(await stage.get(await stage.come(1, token), 'x')).toBe('SESSION_AHEAD');
    expect(await stage.get(stage.connect(1), 'x')).toBe('nothing');
  });

  it('writes at once, and reads what it wrote, wherever it is', async () => {
    const stage = await staged();
    stage.block(0, 1);
    stage.block(0, 2);
    const at0 = stage.connect(0);
    await stage.set(at0, 'x', '1');
    const at1 = await stage.come(1, await stage.leave(at0));
    expect(await stage.set(at1, 'y', '2')).toMatchObject({ outcome: 'stored' });
    expect(await stage.get(at1, 'y')).toBe('2');
    expect(await stage.get(at1, 'x')).toBe('SESSION_AHEAD');
  });

  it('makes whoever reads its write depend on what it had seen', async () => {
    const stage = await staged();
    stage.block(0, 1);
    stage.block(0, 2);
    const at0 = stage.connect(0);
    await stage.set(at0, 'x', '1');
    const at1 = await stage.come(1, await stage.leave(at0));
    await stage.set(at1, 'y', '2');
    await stage.cluster.run(100);
    const reader = stage.connect(2);
    expect(await stage.get(reader, 'x')).toBe('nothing');
    expect(await stage.get(reader, 'y')).toBe('2');
    expect(await stage.get(reader, 'x')).toBe('SESSION_AHEAD');
  });

  it('is refused with a token that was changed, and goes on as it was', async () => {
    const stage = await staged();
    const at0 = stage.connect(0);
    await stage.set(at0, 'x', '1');
    const token = await stage.leave(at0);
    const changed = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    expect(await stage.ask(at0, { kind: 'session', token: changed })).toMatchObject({ code: 'TOKEN_FORGED' });
    expect(await stage.get(at0, 'x')).toBe('1');
  });
});

describe('a write of a peer', () => {
  it('is not shown before what it depends on, though that comes later', async () => {
    const stage = await staged();
    stage.block(0, 2);
    const at0 = stage.connect(0);
    await stage.set(at0, 'x', '1');
    await stage.cluster.run(50);
    const at1 = stage.connect(1);
    expect(await stage.get(at1, 'x')).toBe('1');
    await stage.set(at1, 'y', '2');
    const reader = stage.connect(2);
    const events: SessionEvent[] = [
      { session: 0, key: 'x', kind: 'write', value: '1' },
      { session: 1, key: 'x', kind: 'read', value: '1' },
      { session: 1, key: 'y', kind: 'write', value: '2' },
    ];
    for (let i = 0; i < 20; i++) {
      for (const key of ['y', 'x']) {
        const found = await stage.get(reader, key);
        events.push({ session: 2, key, kind: 'read', value: found === 'nothing' ? null : found });
      }
      await stage.cluster.run(50);
    }
    expect(findCausalViolation(events)).toBeNull();
    // The exchange with controller 1 brings both.
    expect(await stage.get(reader, 'y')).toBe('2');
    expect(await stage.get(reader, 'x')).toBe('1');
  });
});

/** A row of keys that is written once, and its first part once more: the exchange of it takes two parts. */
const ROW = Array.from({ length: 24 }, (_, i) => `k${i}`);

describe('a controller that dies in an exchange', () => {
  it('serves nothing before it has all that was missing', async () => {
    const stage = new Stage({ durability: 'sync' }, 50);
    await stage.start();
    const { nodes, network } = stage.cluster;
    const away = nodes[2]!;
    for (const peer of [0, 1]) network.cut(peer, 2);
    const at0 = stage.connect(0);
    for (const key of [...ROW, ...ROW.slice(0, 11)]) await stage.set(at0, key, 'new');
    network.heal(0, 2);
    const has = (key: string) => away.journal.newest(key) !== undefined;
    for (let i = 0; i < 50_000 && !has('k23'); i++) await stage.cluster.run(0.1);
    expect([has('k23'), has('k10')]).toEqual([true, false]);
    network.extraMs.set('0>2', 500);
    await stage.cluster.run(100);
    expect(has('k10')).toBe(false);
    stage.cluster.kill(away);
    network.cut(0, 2);
    await away.start();
    await stage.cluster.run(4_000);
    expect(has('k23')).toBe(true);
    expect(await stage.get(stage.connect(2), 'k23')).toBe('CATCHING_UP');
    network.extraMs.clear();
    for (const peer of [0, 1]) network.heal(peer, 2);
    await stage.cluster.run(4_000);
    const reader = stage.connect(2);
    for (const key of ROW) expect(await stage.get(reader, key)).toBe('new');
  });
});

describe('a controller without its memory', () => {
  it('claims no writes of its own before all peers have told it of them', async () => {
    const stage = await staged();
    const { nodes, network } = stage.cluster;
    // What the first one writes, the second one alone has.
    for (const peer of [0, 1]) network.cut(peer, 2);
    await stage.set(stage.connect(0), 'old', '1');
    await stage.cluster.run(100);
    stage.cluster.kill(nodes[0]!);
    network.cut(0, 1);
    network.heal(0, 2);
    nodes[0]!.start();
    await stage.cluster.run(2_000);
    await stage.set(stage.connect(0), 'new', '2');
    await stage.cluster.run(2_000);
    network.heal(0, 1);
    network.heal(1, 2);
    await stage.cluster.run(4_000);
    for (const node of [0, 1, 2]) {
      expect(await stage.get(stage.connect(node), 'old')).toBe('1');
      expect(await stage.get(stage.connect(node), 'new')).toBe('2');
    }
  });
});

describe('a session that has seen one write alone', () => {
  it('is not told the state of another key before that write is shown, as that key may be its cause', async () => {
    const stage = await staged();
    stage.block(0, 1);
    stage.block(2, 1);
    await stage.set(stage.connect(2), 'y', 'cause');
    await stage.cluster.run(50);
    const writer = stage.connect(0);
    expect(await stage.get(writer, 'y')).toBe('cause');
    await stage.set(writer, 'x', 'effect');
    const at0 = stage.connect(0);
    expect(await stage.get(at0, 'x')).toBe('effect');
    const at1 = await stage.come(1, await stage.leave(at0));
    expect(await stage.get(at1, 'y')).toBe('SESSION_AHEAD');
  });
});

describe('at causal, under faults', () => {
  it('sessions see what is causal, and replicas end equal', async () => {
    await forEachSeed((seed) => expectRight(seed, { level: 'causal' }));
  });

  it('sessions keep their guarantees over restarts, where what they wrote is on disk', async () => {
    const faults = { kill: 2, 'power-loss': 1, 'slow-link': 2, cut: 1 };
    await forEachSeed((seed) => expectRight(seed, { level: 'causal', durabilities: ['sync'], faults }));
  });
});
