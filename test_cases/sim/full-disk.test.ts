import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/base/error-codes.ts';
import type { Durability } from '../../src/journal/durability.ts';
import type { Level } from '../../src/placement/level.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import { ask, read, set } from './ask.ts';
import { SimCluster } from './sim-cluster.ts';

/** Controllers whose disks are full, and what the others do. */

const STORED: Reply = { kind: 'outcome', outcome: 'stored' };

const refusal = (code: ErrorCode, reason: RegExp) => ({
  kind: 'server_error',
  code,
  reason: expect.stringMatching(reason),
});

const NO_SPACE = refusal('JOURNAL_NOT_WRITABLE', /^the journal takes no writes: the disk fails/);

/** The time that it takes to give a member up and to form a view without it, in virtual milliseconds. */
const GOES_ON_WITHIN_MS = 1_500;

const BACK_WITHIN_MS = 5_000;

async function clusterOf(level: Level, durability: Durability, nodes = 3): Promise<SimCluster> {
  const cluster = new SimCluster({ seed: 1, level, nodes, settings: { durability } });
  await cluster.start();
  expect(await ask(cluster, 0, set('a', '1'))).toEqual(STORED);
  await cluster.run(200);
  return cluster;
}

/** Asks until the value is stored. @throws when that takes too long */
async function write(cluster: SimCluster, node: number, key: string, value: string): Promise<void> {
  const untilMs = cluster.scheduler.nowMs + GOES_ON_WITHIN_MS;
  let reply = await ask(cluster, node, set(key, value));
  while (reply.kind !== 'outcome') {
    if (cluster.scheduler.nowMs > untilMs) throw new Error(`not stored: ${JSON.stringify(reply)}`);
    await cluster.run(10);
    reply = await ask(cluster, node, set(key, value));
  }
  expect(reply).toEqual(STORED);
}

const viewOf = (cluster: SimCluster, node: number) => cluster.nodes[node]!.core!.view;

const membersSeenBy = (cluster: SimCluster, node: number) =>
  viewOf(cluster, node)?.members.map((member) => member.node) ?? [];

function setFull(cluster: SimCluster, full: boolean, ...nodes: readonly number[]): void {
  for (const node of nodes) cluster.nodes[node]!.files.setFull(full);
}

const DURABILITIES = ['async', 'sync'] as const;
const ORDERED = ['linearizability', 'sequential'] as const;
const CASES = ORDERED.flatMap((level) => DURABILITIES.map((durability) => [level, durability] as const));

describe.each(CASES)('a full disk, at %s with %s', (level, durability) => {
  it('leaves its controller out of the view while it is full, and only then', async () => {
    const cluster = await clusterOf(level, durability);
    setFull(cluster, true, 2);
    await write(cluster, 0, 'a', '2');
    await write(cluster, 1, 'b', '1');
    await cluster.run(500);
    await write(cluster, 0, 'a', '3');
    expect(membersSeenBy(cluster, 0)).toEqual([0, 1]);
    expect(viewOf(cluster, 0)!.reason).toMatch(/^sim:2 takes no writes: the disk fails/);
    expect(await ask(cluster, 2, set('a', '4'))).toEqual(NO_SPACE);
    const reply = await ask(cluster, 2, { kind: 'get', keys: ['a'], withCas: false });
    if (level === 'sequential') expect(reply).toMatchObject({ kind: 'hits', hits: [{ key: 'a' }] });
    else
      expect(reply).toEqual(
        refusal(
          'OUT_OF_VIEW',
          /^this controller is outside of the view: the journal takes no writes: the disk fails/,
        ),
      );
    setFull(cluster, false, 2);
    await cluster.runUntilReady(BACK_WITHIN_MS);
    expect(await read(cluster, 2, 'a')).toBe('3');
    expect(await read(cluster, 2, 'b')).toBe('1');
    await write(cluster, 2, 'a', '5');
    expect(await read(cluster, 1, 'a')).toBe('5');
  });

  it('changes nothing while nobody writes', async () => {
    const cluster = await clusterOf(level, durability);
    const before = viewOf(cluster, 0);
    setFull(cluster, true, 2);
    await cluster.run(5_000);
    expect(viewOf(cluster, 0)).toBe(before);
    expect(await read(cluster, 2, 'a')).toBe('1');
  });

  it('changes no view where the others are no majority: they refuse writes and say why', async () => {
    const cluster = await clusterOf(level, durability);
    const before = viewOf(cluster, 0);
    setFull(cluster, true, 1, 2);
    await ask(cluster, 0, set('a', '2'));
    await cluster.run(200);
    expect(await ask(cluster, 0, set('b', '2'))).toEqual(
      refusal(
        'NO_MAJORITY',
        /^no majority .* sim:1 \(takes no writes: the disk fails.*\) and sim:2 \(takes no writes/,
      ),
    );
    await cluster.run(5_000);
    expect(viewOf(cluster, 0)).toBe(before);
    setFull(cluster, false, 1);
    await write(cluster, 1, 'b', '3');
    expect(membersSeenBy(cluster, 1)).toEqual([0, 1]);
    setFull(cluster, false, 2);
    await cluster.runUntilReady(BACK_WITHIN_MS);
    expect(await read(cluster, 2, 'b')).toBe('3');
  });
});

describe.each(CASES)('full disks, at %s with %s', (level, durability) => {
  it('of all controllers at once stop the writes, and nothing else', async () => {
    const cluster = await clusterOf(level, durability);
    setFull(cluster, true, 0, 1, 2);
    await ask(cluster, 0, set('a', '2'));
    await cluster.run(3_000);
    for (const { id } of cluster.nodes) expect(await ask(cluster, id, set('b', '2'))).toEqual(NO_SPACE);
    setFull(cluster, false, 0, 1, 2);
    await write(cluster, 0, 'b', '3');
    await cluster.runUntilReady(BACK_WITHIN_MS);
  });

  it('that have room now and again cost few changes of view', async () => {
    const cluster = await clusterOf(level, durability);
    const changesMs: number[] = [];
    let view = viewOf(cluster, 0);
    for (let step = 0; step < 600; step++) {
      setFull(cluster, step % 40 < 8, 2);
      await ask(cluster, step % 2, set('a', `${step}`));
      await cluster.run(90);
      if (viewOf(cluster, 0) !== view) changesMs.push(cluster.scheduler.nowMs);
      view = viewOf(cluster, 0);
    }
    const laterHalf = changesMs.filter((atMs) => atMs > cluster.scheduler.nowMs / 2);
    expect(changesMs.length).toBeGreaterThan(1);
    expect(changesMs.length).toBeLessThan(18);
    expect(laterHalf.length).toBeLessThan(8);
    setFull(cluster, false, 2);
    await cluster.runUntilReady();
    expect(await read(cluster, 2, 'a')).toBe('599');
  });

  it('do not keep the others from forming a view, even if a controller with one is the first to propose', async () => {
    const cluster = await clusterOf(level, durability, 5);
    setFull(cluster, true, 0);
    await cluster.run(100);
    cluster.kill(cluster.nodes[1]!);
    await cluster.run(2_000);
    await write(cluster, 2, 'a', '2');
    expect(membersSeenBy(cluster, 2)).toEqual([2, 3, 4]);
    cluster.nodes[1]!.start();
    setFull(cluster, false, 0);
    await cluster.runUntilReady();
    expect(await read(cluster, 0, 'a')).toBe('2');
  });
});

describe.each(DURABILITIES)('a full disk, at eventual with %s', (durability) => {
  it('makes its controller refuse writes, and no other controller', async () => {
    const cluster = await clusterOf('eventual', durability);
    setFull(cluster, true, 2);
    await ask(cluster, 0, set('b', '1'));
    await cluster.run(500);
    expect(await ask(cluster, 2, set('a', '2'))).toEqual(NO_SPACE);
    expect(await ask(cluster, 0, set('a', '3'))).toEqual(STORED);
    setFull(cluster, false, 2);
    await cluster.run(3_000);
    expect(await read(cluster, 2, 'a')).toBe('3');
    expect(await ask(cluster, 2, set('a', '4'))).toEqual(STORED);
  });
});
