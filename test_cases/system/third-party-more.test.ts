import { join } from 'node:path';
import { Memcache } from 'memcache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_LEVELS } from '../support/basic-cluster-tests.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWith, run, succeeds } from '../support/programs.ts';

const hasPerlClient = succeeds('perl', ['-MCache::Memcached', '-e', '1']);
const hasMemcstat = succeeds('sh', ['-c', 'command -v memcstat']);

let cluster: Cluster;

describe.each(ALL_LEVELS)('%s: further third-party clients', (level) => {
  beforeAll(async () => {
    cluster = await startCluster({ level, store: 'custom' });
  });
  afterAll(() => cluster?.stop());

  memcacheTests(level);
  programTests();
});

function memcacheTests(level: string): void {
  describe('memcache of npm', () => {
    let clients: Memcache[];

    beforeAll(() => {
      clients = cluster.ports.map((port) => new Memcache(`127.0.0.1:${port}`));
    });
    afterAll(async () => {
      for (const client of clients) await client.disconnect();
    });

    async function seenByAll(key: string, value: string | undefined): Promise<void> {
      for (const client of clients) {
        const check = async (): Promise<void> => expect(await client.get(key)).toBe(value);
        if (level === 'linearizability') await check();
        else await eventually(check);
      }
    }

    it('stores, changes and deletes', async () => {
      const [first, second, third] = clients as [Memcache, Memcache, Memcache];
      expect(await first.set('key', 'value', 1000, 7)).toBe(true);
      await seenByAll('key', 'value');
      expect(await second.add('key', 'other')).toBe(false);
      expect(await second.append('key', '-end')).toBe(true);
      await seenByAll('key', 'value-end');
      expect(await third.prepend('key', 'start-')).toBe(true);
      await seenByAll('key', 'start-value-end');
      expect(await first.replace('key', 'new')).toBe(true);
      await seenByAll('key', 'new');
      expect(await second.delete('key')).toBe(true);
      await seenByAll('key', undefined);
    });

    it('counts, touches and reads several keys at once', async () => {
      const [first, second, third] = clients as [Memcache, Memcache, Memcache];
      await first.set('number', '5');
      await seenByAll('number', '5');
      expect(await second.incr('number', 3)).toBe(8);
      await seenByAll('number', '8');
      expect(await third.decr('number', 2)).toBe(6);
      await seenByAll('number', '6');
      expect(await first.touch('number', 100)).toBe(true);
      expect(await first.gets(['number', 'none'])).toEqual(new Map([['number', '6']]));
    });
  });
}

function programTests(): void {
  describeWith('Cache::Memcached of Perl', hasPerlClient, () => {
    it('gets the right replies', async () => {
      const script = join(import.meta.dirname, '../support/cache-memcached.pl');
      const { code, printed } = await run('perl', [script, `127.0.0.1:${cluster.ports[1]}`]);
      expect(printed).toContain('all answers were right');
      expect(code).toBe(0);
    });
  });

  describeWith('memcstat', hasMemcstat, () => {
    it('reads the statistics', async () => {
      const { code, printed } = await run('memcstat', [`--servers=127.0.0.1:${cluster.ports[0]}`]);
      expect(code).toBe(0);
      expect(printed).toContain('cmd_get');
    });
  });
}
