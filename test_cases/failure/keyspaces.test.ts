import { expect, it } from 'vitest';
import { type Cluster, type ClusterOptions, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';

/** Keyspaces of all levels, and of both ordered schemes, in one cluster of real processes. */

const FLAGS = [
  '--keyspace=ordered=s::sequential',
  '--keyspace=sessions=c::causal',
  '--keyspace=views=e::eventual',
  '--keyspace=large=l::linearizability/chain',
];
const MIXED: ClusterOptions = { level: 'linearizability', flags: { 0: FLAGS, 1: FLAGS, 2: FLAGS } };

/** One key of each keyspace. */
const KEYS = ['k', 's:k', 'c:k', 'e:k', 'l:k'];

async function writeAll(cluster: Cluster, id: number, value: string): Promise<void> {
  using client = await cluster.client(id);
  for (const key of KEYS) expect(await client.set(key, value), key).toBe('STORED');
}

async function expectEverywhere(cluster: Cluster, values: Readonly<Record<string, string>>): Promise<void> {
  for (const { id } of (await cluster.status(0)).peers) {
    using client = await cluster.client(id);
    await eventually(async () => {
      const found = await client.findAll(KEYS);
      expect(Object.fromEntries([...found].map(([key, { value }]) => [key, value.toString()]))).toEqual(
        values,
      );
    });
  }
}

const allOf = (value: string) => Object.fromEntries(KEYS.map((key) => [key, value]));

describeWithMemcached('keyspaces of all levels in one cluster', () => {
  it('are each served by their level in a minority, and are whole again afterwards', async () => {
    await using cluster = await startCluster(MIXED);
    await writeAll(cluster, 1, 'one');
    await expectEverywhere(cluster, allOf('one'));
    await cluster.kill(1);
    await cluster.kill(2);
    using client = await cluster.client(0);
    // The lease of the view lasts a moment longer than the view.
    await eventually(async () => expect((await cluster.status(0)).keyspaces[0]!.reads.ready).toBe(false));
    expect(await client.set('k', 'alone')).toMatch(/^SERVER_ERROR/);
    expect(await client.set('s:k', 'alone')).toMatch(/^SERVER_ERROR/);
    expect(await client.set('l:k', 'alone')).toMatch(/^SERVER_ERROR/);
    for (const key of ['k', 'l:k']) expect(await client.ask(`get ${key}\r\n`)).toMatch(/^SERVER_ERROR/);
    expect(await client.ask('get e:k k\r\n')).toMatch(/^SERVER_ERROR/);
    expect(await client.get('s:k')).toBe('one');
    for (const key of ['c:k', 'e:k']) {
      expect(await client.set(key, 'alone')).toBe('STORED');
      expect(await client.get(key)).toBe('alone');
    }
    const { keyspaces } = await cluster.status(0);
    expect(keyspaces.map(({ name, reads, writes }) => [name, reads.ready, writes.ready])).toEqual([
      ['default', false, false],
      ['sessions', true, true],
      ['views', true, true],
      ['large', false, false],
      ['ordered', true, false],
    ]);
    cluster.start(1);
    cluster.start(2);
    await cluster.ready();
    const found = await cluster.status(0);
    expect(found.keyspaces.every(({ reads, writes }) => reads.ready && writes.ready)).toBe(true);
    using other = await cluster.client(2);
    await eventually(async () => expect(await other.get('e:k')).toBe('alone'));
    expect(await other.get('c:k')).toBe('alone');
    for (const key of ['k', 'l:k']) expect(['one', 'alone']).toContain(await other.get(key));
  });

  it('are all there when every process was killed, memcacheds included', async () => {
    await using cluster = await startCluster({ ...MIXED, settings: { durability: 'sync' } });
    await writeAll(cluster, 0, 'kept');
    await expectEverywhere(cluster, allOf('kept'));
    for (const id of [0, 1, 2]) {
      await cluster.kill(id);
      await cluster.memcached(id).kill();
    }
    for (const id of [0, 1, 2]) await cluster.memcached(id).start();
    cluster.startAll();
    await cluster.ready();
    await expectEverywhere(cluster, allOf('kept'));
  });

  it('are shown one by one, with what clients did to each', async () => {
    await using cluster = await startCluster(MIXED);
    await writeAll(cluster, 0, 'v');
    using client = await cluster.client(0);
    expect((await client.findAll(['k', 'e:k'])).size).toBe(2);
    await eventually(async () => {
      const stats = await client.stats();
      const of = (name: string) =>
        ['level', 'keys', 'reads', 'writes', 'errors'].map((metric) =>
          stats.get(`memchorus_keyspace:${name}:${metric}`),
        );
      expect(of('default')).toEqual(['linearizability', '1', '1', '1', '0']);
      expect(of('ordered')).toEqual(['sequential', '1', '0', '1', '0']);
      expect(of('views')).toEqual(['eventual', '1', '1', '1', '0']);
      expect(of('large')).toEqual(['linearizability', '1', '0', '1', '0']);
    });
    const shown = (await client.lines('show')).join('\n');
    expect(shown).toMatch(/^ *sessions +c: +causal /m);
    expect(shown).toMatch(/^ *large +l: +linearizability.*chain/m);
  });

  it('have to be the same at all controllers: both ends name the difference', async () => {
    const other = ['--keyspace=views=e::causal'];
    await using cluster = await startCluster({
      ...MIXED,
      flags: { 0: FLAGS, 1: FLAGS, 2: other },
      untilReady: false,
    });
    await eventually(async () => {
      const { peers } = await cluster.status(0);
      expect(peers[2]!.role).toMatch(/^refused: .*the keyspace views=e::\w+ is not views=e::\w+/);
    });
  });
});
