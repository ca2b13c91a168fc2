import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { describeWith, run, succeeds } from '../support/programs.ts';
import { TextClient } from '../support/text-client.ts';

/** The path at which Debian installs it. */
const MEMCACHED_TOOL = '/usr/share/memcached/scripts/memcached-tool';

/** The least that each mode prints. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  display: /Item_Size.*\n\s+\d+\s/,
  stats: /cmd_get\s+\d+/,
  settings: /item_size_max\s+2097152/,
  sizes: /./,
};

let cluster: Cluster;

describeWithMemcached("memcached's own tools, and what they ask for", () => {
  beforeAll(async () => {
    cluster = await startCluster({ level: 'sequential', settings: { item_size_max: '2m' } });
  });
  afterAll(async () => {
    await cluster?.stop();
  });

  streamTests();
  toolTests();
});

function streamTests(): void {
  it('the dumps name every key, byte for byte as the memcached formats have them', async () => {
    const client = await cluster.client(1);
    await client.ask('flush_all\r\n');
    await client.set('plain', 'abc');
    await client.ask('ms YSBi 2 b\r\nxy\r\n');
    // As in memcached, a line of this dump ends with a line feed alone.
    const lines = (await client.ask('lru_crawler metadump all\r\n')).split('\n');
    expect(lines.map((line) => line.replace(/(la|cas)=\d+/g, '$1=…')).sort()).toEqual([
      'END',
      'key=a%20b exp=-1 la=… cas=… fetch=no cls=1 size=64',
      'key=plain exp=-1 la=… cas=… fetch=no cls=1 size=67',
    ]);
    client.send('lru_crawler mgdump all\r\nmn\r\n');
    const dumped = [await client.takeLine(), await client.takeLine(), await client.takeLine()];
    expect(dumped.sort()).toEqual(['EN', 'mg YSBi b', 'mg plain']);
    expect(await client.takeLine()).toBe('MN');
    expect(await client.lines('stats cachedump 1 10')).toEqual(['ITEM plain [3 b; 0 s]']);
  });

  it('watch shows what other clients ask this controller for, past the time limit of requests', async () => {
    const client = await cluster.client(0);
    using watcher = await TextClient.connect(cluster.ports[0]!);
    expect(await watcher.ask('watch fetchers mutations\r\n')).toBe('OK');
    let shown = '';
    watcher.socket.on('data', (chunk) => {
      shown += chunk.toString('latin1');
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await client.set('watched', 'abc');
    await client.find('watched');
    const wanted = [
      /^ts=\d+\.\d{6} gid=\d+ type=item_store key=watched status=stored .*$/m,
      / type=item_get key=watched status=found clsid=1 cfd=\d+ size=3$/m,
    ];
    await eventually(() => wanted.every((line) => line.test(shown)));
  });
}

function toolTests(): void {
  describeWith('memcached-tool (memcached)', existsSync(MEMCACHED_TOOL), () => {
    it.each(['display', 'stats', 'settings', 'sizes'])('%s', async (mode) => {
      const words = [MEMCACHED_TOOL, `127.0.0.1:${cluster.ports[0]}`, mode];
      const { code, printed } = await run('perl', words);
      expect(code).toBe(0);
      expect(printed).toMatch(EXPECTED[mode]!);
    });
  });

  describeWith('memcached-tool (memcached) dump and keys', existsSync(MEMCACHED_TOOL), () => {
    it('list all keys', async () => {
      const client = await cluster.client(0);
      await client.ask('flush_all\r\n');
      for (const key of ['one', 'two%', 'three']) await client.set(key, key);
      const at = `127.0.0.1:${cluster.ports[0]}`;
      const dump = await run('perl', [MEMCACHED_TOOL, at, 'dump']);
      expect(
        dump.printed
          .match(/^add .*/gm)!
          .map((line) => line.trim())
          .sort(),
      ).toEqual(['add one 0 0 3', 'add three 0 0 5', 'add two% 0 0 4']);
      const keys = await run('perl', [MEMCACHED_TOOL, at, 'keys']);
      expect(keys.printed.match(/^key=\S+/gm)!.sort()).toEqual(['key=one', 'key=three', 'key=two%25']);
    });
  });

  describeWith('memcdump (libmemcached-tools)', succeeds('sh', ['-c', 'command -v memcdump']), () => {
    it('lists all keys', async () => {
      const client = await cluster.client(0);
      await client.ask('flush_all\r\n');
      for (const key of ['one', 'two', 'three']) await client.set(key, key);
      const { code, printed } = await run('memcdump', [`--servers=127.0.0.1:${cluster.ports[0]}`]);
      expect(code).toBe(0);
      expect(printed.trim().split('\n').sort()).toEqual(['one', 'three', 'two']);
    });
  });

  describeWith('memcstat (libmemcached-tools)', succeeds('sh', ['-c', 'command -v memcstat']), () => {
    it('prints all figures', async () => {
      const { code, printed } = await run('memcstat', [`--servers=127.0.0.1:${cluster.ports[0]}`]);
      expect(code).toBe(0);
      expect(printed).toContain('curr_items: ');
      expect(printed).toContain('limit_maxbytes: ');
    });
  });
}
