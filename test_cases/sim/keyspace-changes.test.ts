import { describe, expect, it } from 'vitest';
import type { ControllerParts } from '../../src/controller/controller-parts.ts';
import { METRICS } from '../../src/controller/metrics/metrics.ts';
import { DURABILITIES, type Durability } from '../../src/journal/durability.ts';
import { compareVersions } from '../../src/ordering/version.ts';
import { VersionVector } from '../../src/ordering/version-vector.ts';
import { epochOf } from '../../src/placement/agreed-placement.ts';
import { hasReached } from '../../src/placement/moving.ts';
import type { KeyspaceSettings } from '../../src/placement/placement.ts';
import { deleteRequest } from '../../src/protocol/make-request.ts';
import type { WantedKeyspace } from '../../src/protocol/request.ts';
import { ask, read, set } from './ask.ts';
import { until } from './moving.ts';
import { SimCluster } from './sim-cluster.ts';

/** Keyspaces that are added, removed and given other prefixes while a cluster runs. */

const SESSIONS: KeyspaceSettings = { name: 'sessions', prefix: 'session:', level: 'eventual' };

interface Wished {
  readonly keyspaces?: readonly KeyspaceSettings[];
  readonly durability?: Durability;
  readonly seed?: number;
  readonly nodes?: number;
}

async function clusterWith(wished: Wished): Promise<SimCluster> {
  const { keyspaces = [], durability = 'none', seed = 1, nodes = 3 } = wished;
  const cluster = new SimCluster({
    seed,
    level: 'linearizability',
    nodes,
    settings: { durability, keyspaces },
  });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

async function change(cluster: SimCluster, node: number, wanted: WantedKeyspace): Promise<string> {
  const reply = await ask(cluster, node, { kind: 'keyspace', change: wanted, format: 'table' });
  if (reply.kind === 'lines') return reply.lines.join('\n');
  return 'reason' in reply ? `${reply.kind} ${reply.reason}` : reply.kind;
}

const coreOf = ({ nodes }: SimCluster, node = 0) => nodes[node]!.core!;
const moveOf = (cluster: SimCluster, node = 0) => coreOf(cluster, node).groups.views.placement?.move ?? null;

/** What `stats` says of the change that is under way. */
function moveFigures(cluster: SimCluster): readonly unknown[] {
  const parts = { core: coreOf(cluster) } as ControllerParts;
  return [METRICS.memchorus_move, METRICS.memchorus_move_phase].map(({ read }) => read(parts));
}

/** Each keyspace as `NAME=PREFIX:LEVEL`, as each controller goes by them. */
function keyspacesAt(cluster: SimCluster): readonly string[] {
  return cluster.nodes.map(({ core }) =>
    core!.levels.keyspaces.map(({ name, prefix, level }) => `${name}=${prefix}:${level}`).join(' '),
  );
}

/** All controllers go by the same placement. */
function areAgreed(cluster: SimCluster): boolean {
  const epochs = cluster.nodes.map((_, node) => epochOf(coreOf(cluster, node).groups.views.placement));
  return new Set(epochs).size === 1;
}

async function settled(cluster: SimCluster, withinMs = 20_000): Promise<void> {
  const untilMs = cluster.scheduler.nowMs + withinMs;
  while (cluster.nodes.some((_, node) => moveOf(cluster, node) !== null) || !areAgreed(cluster)) {
    if (cluster.scheduler.nowMs > untilMs)
      throw new Error(JSON.stringify(cluster.nodes.map(({ core }) => core!.mover.word)));
    await cluster.run(20);
  }
}

const KEYS = ['session:1', 'session:2', 'cart:1', 'cart:2', 'c', 'z'];

async function fill(cluster: SimCluster, value: string): Promise<void> {
  for (const [i, key] of KEYS.entries()) await ask(cluster, i % 3, set(key, `${value} of ${key}`));
}

async function expectAll(cluster: SimCluster, value: string): Promise<void> {
  for (const key of KEYS)
    for (const { id } of cluster.nodes)
      expect([key, id, await read(cluster, id, key)]).toEqual([key, id, `${value} of ${key}`]);
}

const STEPS: readonly (readonly [WantedKeyspace, string])[] = [
  [
    { what: 'add', keyspace: 'carts', prefix: 'cart:', level: 'eventual' },
    'default=:linearizability carts=cart::eventual sessions=session::eventual',
  ],
  [
    { what: 'prefix', keyspace: 'carts', prefix: 'c' },
    'default=:linearizability carts=c:eventual sessions=session::eventual',
  ],
  [
    { what: 'level', keyspace: 'carts', level: 'causal' },
    'default=:linearizability carts=c:causal sessions=session::eventual',
  ],
  [
    { what: 'level', keyspace: 'sessions', level: 'causal' },
    'default=:linearizability carts=c:causal sessions=session::causal',
  ],
  [
    { what: 'prefix', keyspace: 'carts', prefix: 'z' },
    'default=:linearizability sessions=session::causal carts=z:causal',
  ],
  [
    { what: 'level', keyspace: 'default', level: 'causal' },
    'default=:causal sessions=session::causal carts=z:causal',
  ],
  [{ what: 'remove', keyspace: 'sessions' }, 'default=:causal carts=z:causal'],
  [{ what: 'level', keyspace: 'default', level: 'sequential' }, 'default=:sequential carts=z:causal'],
  [
    { what: 'add', keyspace: 'sessions', prefix: 'session:', level: 'sequential/chain' },
    'default=:sequential sessions=session::sequential/chain carts=z:causal',
  ],
  [
    { what: 'level', keyspace: 'carts', level: 'linearizability/chain' },
    'default=:sequential sessions=session::sequential/chain carts=z:linearizability/chain',
  ],
  [
    { what: 'prefix', keyspace: 'carts', prefix: 'c' },
    'default=:sequential carts=c:linearizability/chain sessions=session::sequential/chain',
  ],
  [
    { what: 'level', keyspace: 'default', level: 'causal' },
    'default=:causal carts=c:linearizability/chain sessions=session::sequential/chain',
  ],
  [
    { what: 'level', keyspace: 'sessions', level: 'causal' },
    'default=:causal carts=c:linearizability/chain sessions=session::causal',
  ],
  [{ what: 'remove', keyspace: 'carts' }, 'default=:causal sessions=session::causal'],
  [{ what: 'remove', keyspace: 'sessions' }, 'default=:causal'],
];

describe('keyspaces that change while the cluster runs', () => {
  it.each(DURABILITIES)('keep all entries through every change, with durability %s', async (durability) => {
    const cluster = await clusterWith({ keyspaces: [SESSIONS], durability });
    await fill(cluster, 'v');
    for (const [turn, [wanted, expected]] of STEPS.entries()) {
      expect(await change(cluster, turn % 3, wanted)).not.toContain('error');
      await settled(cluster);
      expect(keyspacesAt(cluster)).toEqual([expected, expected, expected]);
      await cluster.run(1_500);
      await expectAll(cluster, turn === 0 ? 'v' : `v${turn - 1}`);
      await fill(cluster, `v${turn}`);
      await ask(cluster, turn % 3, deleteRequest('session:1'));
      await ask(cluster, turn % 3, set('session:1', `v${turn} of session:1`));
      await cluster.run(1_500);
      await expectAll(cluster, `v${turn}`);
    }
    await cluster.run(5_000);
    expect(coreOf(cluster).groups.all.map(({ replica }) => replica.journal.keys)).toEqual([0, 0, 6, 0]);
  });

  it('move nothing within one group', async () => {
    const cluster = await clusterWith({});
    const carts = { what: 'add', keyspace: 'carts', prefix: 'cart:', level: 'sequential' } as const;
    expect(await change(cluster, 0, carts)).toBe('carts is added, at sequential, with the prefix cart:');
    expect(moveOf(cluster)).toBeNull();
    expect(await change(cluster, 1, carts)).toBe('carts is there already');
    expect(await change(cluster, 1, { what: 'prefix', keyspace: 'carts', prefix: 'c' })).toBe(
      'carts has the prefix c now, and had cart:',
    );
    expect(await change(cluster, 2, { what: 'remove', keyspace: 'carts' })).toContain('carts is removed');
    expect(keyspacesAt(cluster)).toEqual(Array(3).fill('default=:linearizability'));
  });

  it.each<[WantedKeyspace, string]>([
    [{ what: 'remove', keyspace: 'default' }, 'default has all keys that no other keyspace has'],
    [{ what: 'prefix', keyspace: 'default', prefix: 'a' }, 'default has all keys that no other keyspace has'],
    [{ what: 'remove', keyspace: 'none' }, 'there is no keyspace none'],
    [{ what: 'prefix', keyspace: 'none', prefix: 'a' }, 'there is no keyspace none'],
    [{ what: 'prefix', keyspace: 'sessions', prefix: 'x'.repeat(65) }, 'the prefix has 65 characters'],
    [
      { what: 'add', keyspace: 'a', prefix: 'session:', level: 'causal' },
      'the keyspace sessions has the prefix session: already',
    ],
    [
      { what: 'add', keyspace: 'sessions', prefix: 'a', level: 'causal' },
      'there is a keyspace sessions already',
    ],
    [{ what: 'add', keyspace: 'a', prefix: 'a', level: 'strong' }, 'strong is no level'],
    [{ what: 'add', keyspace: 'remove', prefix: 'a', level: 'causal' }, 'remove is a word of the commands'],
    [{ what: 'add', keyspace: '1', prefix: 'a', level: 'causal' }, '"1" cannot be the name of a keyspace'],
    [{ what: 'cancel', keyspace: 'sessions' }, 'the keyspace sessions is not being changed'],
  ])('are refused %o', async (wanted, reason) => {
    const cluster = await clusterWith({ keyspaces: [SESSIONS] });
    expect(await change(cluster, 0, wanted)).toContain(`client_error ${reason}`);
  });

  it('are as many as a request may be compared with, and no more', async () => {
    const keyspaces = Array.from({ length: 32 }, (_, i): KeyspaceSettings => {
      return { name: `n${i}`, prefix: `"\\${i}`.padEnd(64, '"'), level: 'linearizability' };
    });
    const cluster = await clusterWith({ keyspaces });
    const one = { what: 'add', keyspace: 'carts', prefix: 'cart:', level: 'eventual' } as const;
    expect(await change(cluster, 0, one)).toContain('client_error a cluster has 32 keyspaces');
    expect(await change(cluster, 0, { what: 'remove', keyspace: 'n3' })).toContain('n3 is removed');
    expect(await change(cluster, 0, one)).toContain('carts is being added');
    await settled(cluster);
  });

  it('are flushed in the ordered group last', async () => {
    const cluster = await clusterWith({ keyspaces: [SESSIONS] });
    expect(await ask(cluster, 1, { kind: 'flush_all', delay: 0, noreply: false })).toMatchObject({
      outcome: 'ok',
    });
    const [ordered, eventual] = coreOf(cluster, 1).groups.all.map(({ replica }) => {
      const effects = replica.journal.since(new VersionVector([]));
      return effects.find(({ kind }) => kind === 'flush')!.version;
    });
    expect(compareVersions(eventual!, ordered!)).toBeLessThan(0);
  });

  it('wait for no exchange that the peer could not answer', async () => {
    for (const seed of [1, 2, 3]) {
      const cluster = await clusterWith({ seed });
      await change(cluster, 0, { what: 'add', keyspace: 'carts', prefix: 'c', level: 'causal' });
      await settled(cluster, 1_000);
    }
  });

  it('can be left as they were, until the change is decided', async () => {
    const cluster = await clusterWith({ keyspaces: [SESSIONS] });
    await fill(cluster, 'v');
    cluster.kill(cluster.nodes[2]!);
    await cluster.run(2_000);
    const wanted = { what: 'add', keyspace: 'carts', prefix: 'cart:', level: 'eventual' } as const;
    expect(await change(cluster, 0, wanted)).toContain('carts is being added');
    await cluster.run(500);
    expect(moveFigures(cluster)).toEqual(['carts', 'preparing']);
    expect(await change(cluster, 1, { what: 'cancel', keyspace: 'carts' })).toBe(
      'cancelled: there is no keyspace carts',
    );
    cluster.nodes[2]!.start();
    await settled(cluster);
    await cluster.runUntilReady();
    await cluster.run(2_000);
    await expectAll(cluster, 'v');
    expect(moveFigures(cluster)).toEqual(['-', '-']);
    expect(coreOf(cluster).groups.byNumber[1]!.replica.journal.keys).toBe(2);
  });

  it.each([0, 10, 20, 30, 40, 50, 60, 80, 100, 130])(
    'are the old ones or the new ones, when a controller dies %i ms after a change was begun',
    async (afterMs) => {
      const cluster = await clusterWith({ keyspaces: [SESSIONS], durability: 'sync', seed: 7 + afterMs });
      await fill(cluster, 'v');
      const wanted = { what: 'add', keyspace: 'carts', prefix: 'c', level: 'eventual' } as const;
      await change(cluster, 0, wanted);
      await cluster.run(afterMs);
      const node = afterMs % 3;
      cluster.kill(cluster.nodes[node]!);
      await cluster.run(3_000);
      cluster.nodes[node]!.start();
      await cluster.runUntilReady();
      await settled(cluster);
      const after = 'default=:linearizability carts=c:eventual sessions=session::eventual';
      expect(keyspacesAt(cluster)).toEqual([after, after, after]);
      await cluster.run(2_000);
      await expectAll(cluster, 'v');
    },
  );
});

describe('a controller behind the barrier', () => {
  const CARTS = { what: 'add', keyspace: 'carts', prefix: 'cart:', level: 'eventual' } as const;
  const phaseAt = (cluster: SimCluster, node: number) => moveOf(cluster, node)?.phase ?? null;

  it('is fenced once its own writes in both groups are settled', async () => {
    const cluster = await clusterWith({ keyspaces: [SESSIONS] });
    await fill(cluster, 'v');
    const node = cluster.nodes[2]!;
    node.store.delayMs = [150, 150];
    await change(cluster, 0, CARTS);
    let begun = 0;
    let settledWrites = 0;
    for (let i = 0; phaseAt(cluster, 2) !== 'barrier'; i++) {
      begun++;
      node.connect().submit(set(`session:${i}`, 'v'), () => settledWrites++);
      await cluster.run(5);
    }
    expect(settledWrites).toBeLessThan(begun);
    const step = () => coreOf(cluster, 2).mover.word?.step ?? 'begun';
    await until(cluster, () => hasReached(step(), 'fenced'));
    expect(settledWrites).toBe(begun);
    await settled(cluster);
  });

  it('starts empty and gets what was copied with what it claims to know', async () => {
    const cluster = await clusterWith({ keyspaces: [SESSIONS] });
    await fill(cluster, 'v');
    await change(cluster, 0, CARTS);
    const step = () => coreOf(cluster, 2).mover.word?.step ?? 'begun';
    await until(cluster, () => phaseAt(cluster, 2) === 'barrier' && hasReached(step(), 'handed-over'));
    cluster.kill(cluster.nodes[2]!);
    cluster.nodes[2]!.start();
    const { scheme, replica } = coreOf(cluster, 2).groups.byNumber[1]!;
    await until(cluster, () => !scheme.known.isZero);
    expect(phaseAt(cluster, 0)).toBe('barrier');
    expect(replica.journal.newest('cart:1')).toBeDefined();
    await settled(cluster);
    await cluster.runUntilReady();
    await cluster.run(2_000);
    await expectAll(cluster, 'v');
  });

  it('goes on telling what it has in either group, until that is settled', async () => {
    const cluster = await clusterWith({ keyspaces: [SESSIONS] });
    await fill(cluster, 'v');
    await change(cluster, 0, CARTS);
    const views = () => coreOf(cluster, 2).groups.views;
    const tellers = () =>
      coreOf(cluster, 2).groups.all.flatMap(({ number, replica: { guard } }) =>
        guard?.tells('cart:1') === true ? [number] : [],
      );
    await until(cluster, () => phaseAt(cluster, 2) === 'barrier');
    expect(tellers()).toEqual([0]);
    await until(cluster, () => views().acceptedPlacement?.move?.phase === 'settling');
    expect(phaseAt(cluster, 2)).toBe('barrier');
    expect(tellers()).toEqual([0, 1]);
    await until(cluster, () => phaseAt(cluster, 2) === 'settling');
    expect(tellers()).toEqual([1]);
  });

  it.each([false, true])('tells what is written in the group after, restarted: %s', async (isRestarted) => {
    const cluster = await clusterWith({ keyspaces: [SESSIONS], durability: 'sync', nodes: 5 });
    const { network, nodes } = cluster;
    await fill(cluster, 'v');
    await change(cluster, 0, CARTS);
    const accepted = () => coreOf(cluster, 1).groups.views.acceptedPlacement?.move?.phase;
    await until(cluster, () => phaseAt(cluster, 1) === 'barrier');
    for (const node of [3, 4]) network.extraMs.set(`0>${node}`, 30);
    await until(cluster, () => accepted() === 'settling');
    // Controllers 3 and 4 hear nothing of the last phase, in which the others go on without them.
    for (const node of [0, 1, 2]) for (const leftOut of [3, 4]) network.cut(node, leftOut);
    network.cut(3, 4);
    await until(cluster, () => [0, 1, 2].every((node) => phaseAt(cluster, node) === 'settling'));
    expect(await ask(cluster, 0, set('cart:1', 'w'))).toMatchObject({ outcome: 'stored' });
    const { time } = nodes[0]!.journalOf(1).newest('cart:1')!.version;
    const claimsIt = (node: number) =>
      (nodes[node]!.core?.groups.byNumber[1]?.scheme.known.timeOf(0) ?? 0) >= time;
    network.extraMs.clear();
    network.heal(0, 3);
    await until(cluster, () => claimsIt(3));
    network.cut(0, 3);
    if (isRestarted) {
      await cluster.run(500);
      cluster.kill(nodes[3]!);
      nodes[3]!.start();
    }
    network.heal(3, 4);
    await until(cluster, () => claimsIt(4));
    expect([3, 4].map((node) => phaseAt(cluster, node))).toEqual(['barrier', 'barrier']);
    expect(nodes[4]!.journalOf(1).newest('cart:1')!.version.time).toBe(time);
    network.healAll();
    await cluster.runUntilReady();
    await settled(cluster);
    for (const { id } of nodes) expect(await read(cluster, id, 'cart:1')).toBe('w');
  });

  it('sends no peer what each controller copies by itself', async () => {
    const cluster = await clusterWith({ keyspaces: [SESSIONS] });
    await fill(cluster, 'v');
    await cluster.run(2_000);
    let responses = 0;
    cluster.network.onSent = (type) => {
      if (type === 'sync-response') responses++;
    };
    await change(cluster, 0, CARTS);
    await settled(cluster);
    expect(responses).toBe(0);
  });

  it('does not keep the others from a view when only one of them remembers anything', async () => {
    const cluster = await clusterWith({ keyspaces: [SESSIONS] });
    await fill(cluster, 'v');
    await change(cluster, 0, CARTS);
    await until(cluster, () => phaseAt(cluster, 2) === 'barrier');
    cluster.kill(cluster.nodes[0]!);
    cluster.nodes[0]!.start();
    cluster.kill(cluster.nodes[1]!);
    await cluster.run(200);
    cluster.nodes[1]!.start();
    await cluster.runUntilReady();
    await settled(cluster);
    await cluster.run(2_000);
    await expectAll(cluster, 'v');
  });
});
