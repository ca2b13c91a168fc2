import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { binary, CountedSession, type Step, text } from '../support/counted-session.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached, Memcached } from '../support/memcached.ts';
import { TextClient } from '../support/text-client.ts';

/**
 * The figures that operations of clients change. `bytes_read` and `bytes_written` are not among them, since
 * they depend on the length of tokens.
 */
const COUNTED = [
  ...['cmd_get', 'cmd_set', 'cmd_flush', 'cmd_touch', 'cmd_meta', 'get_hits', 'get_misses', 'delete_misses'],
  ...['delete_hits', 'incr_misses', 'incr_hits', 'decr_misses', 'decr_hits', 'cas_misses', 'cas_hits'],
  ...['cas_badval', 'touch_hits', 'touch_misses', 'store_too_large', 'auth_cmds', 'auth_errors'],
  ...['total_items', 'total_connections', 'rejected_connections', 'curr_connections'],
];

/**
 * Operations for which memcached makes a new item only when another thread, such as the LRU maintainer, has a
 * reference to the old item.
 */
const COUNTS_IN_PLACE = /^(incr a|decr a|ma a|binary increment$|binary decrement$)/;

const TOO_LARGE = 'x'.repeat(3_000_000);
const SET_EXTRAS = Buffer.alloc(8);
const EXPTIME = Buffer.alloc(4);
const counting = (initial: number, exptime: number): Buffer => {
  const extras = Buffer.alloc(20);
  extras.writeBigUInt64BE(1n, 0);
  extras.writeBigUInt64BE(BigInt(initial), 8);
  extras.writeUInt32BE(exptime, 16);
  return extras;
};

/** Every kind of operation, as a hit and as a miss, and with errors of every kind. */
const SESSION: readonly Step[] = [
  ...['get none', 'set a 0 0 1\r\n1', 'get a', 'gets a none a', 'bget a', 'gat 0 a none', 'gats 0 a'].map(
    text,
  ),
  ...['set a 0 0 1\r\n1X', `set a 0 0 ${TOO_LARGE.length}\r\n${TOO_LARGE}`, 'get a', 'set a 0 0 x'].map(text),
  ...['add a 0 0 1\r\n1', 'add a 0 0 1\r\n1', 'replace a 0 0 1\r\n1', 'replace none 0 0 1\r\n1'].map(text),
  ...['append a 0 0 1\r\n1', 'append none 0 0 1\r\n1', 'prepend none 0 0 1\r\n1'].map(text),
  ...['cas none 0 0 1 1\r\n1', 'cas a 0 0 1 1\r\n1', 'cas a 0 0 1 <token>\r\n1'].map(text),
  ...['incr a 1', 'decr a 1', 'incr none 1', 'decr none 1', 'set s 0 0 1\r\ns', 'incr s 1', 'incr a x'].map(
    text,
  ),
  ...['touch a 0', 'touch none 0', 'delete none', 'delete a', 'delete a noreply'].map(text),
  ...['set e 0 -1 1\r\n1', 'get e', 'delete e', 'touch e 0', 'gat 0 e', 'incr e 1'].map(text),
  ...['set a 0 0 1 noreply\r\n1', 'flush_all', 'get a', 'set a 0 0 1\r\n1', 'flush_all 1000'].map(text),
  ...['verbosity 0', 'version', 'nonsense', `get ${'k'.repeat(300)}`].map(text),
  ...['ms a 1\r\n1', 'mg a v', 'mg a', 'mg none v', 'mg a t T0', 'mg none T0', 'mg vivified N30 v'].map(text),
  ...['mg vivified v', 'mg a R30 v', 'ma a', 'ma none', 'ma made N0', 'ma a MD', 'ma none MD', 'ma a C1'].map(
    text,
  ),
  ...['md a C1', 'md a I', 'mg a v', 'md a', 'md none', 'md none q', 'ms a 1 C1\r\n1', 'ms a 1\r\n1'].map(
    text,
  ),
  ...[
    'ms a 1 C1\r\n1',
    'ms a 1 C1 I\r\n1',
    'ms a 1 ME\r\n1',
    'ms b1 1 MA\r\n1',
    'mg none k q',
    'mg a k q',
  ].map(text),
  ...[`ms a ${TOO_LARGE.length}\r\n${TOO_LARGE}`, 'mn', 'me a', 'me none', 'mg', 'mg a N x', 'ms a'].map(
    text,
  ),
  binary('get, missed', 0x00, 'none'),
  binary('set', 0x01, 'a', { extras: SET_EXTRAS, value: '1' }),
  binary('get', 0x00, 'a'),
  binary('getkq', 0x0d, 'a'),
  binary('getq, missed', 0x09, 'none'),
  binary('gat', 0x1d, 'a', { extras: EXPTIME }),
  binary('gat, missed', 0x1d, 'none', { extras: EXPTIME }),
  binary('touch', 0x1c, 'a', { extras: EXPTIME }),
  binary('touch, missed', 0x1c, 'none', { extras: EXPTIME }),
  binary('increment', 0x05, 'a', { extras: counting(0, 0) }),
  binary('increment, missed', 0x05, 'none', { extras: counting(0, 0xffffffff) }),
  binary('increment, made', 0x05, 'made-here', { extras: counting(7, 0) }),
  binary('increment, other token', 0x05, 'a', { extras: counting(0, 0), cas: 1n }),
  binary('decrement', 0x06, 'a', { extras: counting(0, 0) }),
  binary('decrement, missed', 0x06, 'none', { extras: counting(0, 0xffffffff) }),
  binary('set, other token', 0x01, 'a', { extras: SET_EXTRAS, value: '1', cas: 1n }),
  binary('set, token and no entry', 0x01, 'none', { extras: SET_EXTRAS, value: '1', cas: 1n }),
  binary('add', 0x02, 'a', { extras: SET_EXTRAS, value: '1' }),
  binary('add, other token', 0x02, 'a', { extras: SET_EXTRAS, value: '1', cas: 1n }),
  binary('replace, other token', 0x03, 'a', { extras: SET_EXTRAS, value: '1', cas: 1n }),
  binary('replace, missed', 0x03, 'none', { extras: SET_EXTRAS, value: '1' }),
  binary('append', 0x0e, 'a', { value: '1' }),
  binary('append, other token', 0x0e, 'a', { value: '1', cas: 1n }),
  binary('append, missed', 0x0e, 'none', { value: '1' }),
  binary('set, too large', 0x01, 'a', { extras: SET_EXTRAS, value: TOO_LARGE }),
  binary('set', 0x01, 'a', { extras: SET_EXTRAS, value: '1' }),
  binary('delete, other token', 0x04, 'a', { cas: 1n }),
  binary('delete, missed', 0x04, 'none'),
  binary('delete', 0x04, 'a'),
  binary('flush', 0x08),
  binary('version', 0x0b),
  binary('sasl mechanisms', 0x20),
  binary('sasl', 0x21, 'PLAIN', { value: '\0user\0password' }),
  binary('unknown', 0x50),
];

/**
 * Commands whose replies do not depend on stored values. Commands that tune a memcached reach the one of the
 * controller.
 */
const COMMANDS = [
  ...['stats nonsense', 'stats noreply', 'stats detail', 'stats detail x', 'stats detail off', 'stats proxy'],
  ...['stats sizes_disable', 'stats reset', 'cache_memlimit', 'cache_memlimit 64', 'cache_memlimit 7'],
  ...['cache_memlimit -1', 'cache_memlimit x', 'cache_memlimit 64 x', 'cache_memlimit 64 x y'],
  ...['cache_memlimit 64 noreply', 'cache_memlimit noreply', 'shutdown', 'shutdown graceful', 'shutdown x y'],
  ...['slabs', 'slabs x', 'slabs reassign', 'slabs reassign a 2', 'slabs reassign -1 2', 'slabs automove'],
  ...['slabs automove 1', 'slabs automove x', 'slabs automove 1 noreply', 'lru', 'lru tune 1 2'],
  ...[
    'lru mode segmented',
    'lru mode x',
    'lru temp_ttl x',
    'lru_crawler',
    'lru_crawler x',
    'lru_crawler crawl',
  ],
  ...[
    'lru_crawler crawl x',
    'lru_crawler sleep 100',
    'lru_crawler sleep 9999999',
    'lru_crawler enable noreply',
  ],
  ...['extstore', 'extstore x 1', 'misbehave', 'refresh_certs', 'verbosity', 'verbosity x', 'verbosity 1 2'],
  ...['watch x', 'watch fetchers x', 'watch FETCHERS', 'lru_crawler metadump', 'lru_crawler metadump x'],
  ...[
    'lru_crawler metadump 0',
    'lru_crawler metadump 64',
    'lru_crawler metadump 1,64',
    'lru_crawler metadump ,',
  ],
  ...['lru_crawler metadump all x', 'lru_crawler mgdump'],
  ...['stats cachedump', 'stats cachedump 1', 'stats cachedump x 1', 'stats cachedump 1 x'],
  ...['stats cachedump 64 1', 'stats cachedump -1 1', 'stats cachedump 1.5 1'],
  ...['verbosity 1 noreply', 'verbosity noreply', 'verbosity 1 2 3', 'quit now'],
];

let cluster: Cluster;
let memcached: Memcached;

describeWithMemcached('statistics and administration', () => {
  beforeAll(async () => {
    memcached = await Memcached.start();
    cluster = await startCluster({ level: 'sequential', settings: { item_size_max: '2m' } });
  });
  afterAll(async () => {
    await cluster?.stop();
    await memcached?.kill();
  });

  countTests();
  figureTests();
  outageTests();
  commandTests();
});

function countTests(): void {
  it('every operation counts as in memcached, and once in the whole cluster', async () => {
    const session = await CountedSession.connect(cluster.ports[0]!);
    const reference = await CountedSession.connect(memcached.port);
    const beside = await cluster.client(1);
    const before = await beside.stats();
    for (const step of SESSION) {
      const names = COUNTED.filter((name) => name !== 'total_items' || !COUNTS_IN_PLACE.test(step.name));
      const [ours, theirs] = await Promise.all([session, reference].map((one) => one.deltas(step, names)));
      expect(ours, step.name).toEqual(theirs);
    }
    const after = await beside.stats();
    for (const name of COUNTED) expect([name, after.get(name)]).toEqual([name, before.get(name)]);
    session.close();
    reference.close();
  });

  it('stats within a pipeline count the requests before them', async () => {
    const client = await cluster.client(0);
    const before = Number((await client.stats()).get('cmd_set'));
    const answers = [client.set('a', '1'), client.stats(), client.set('a', '2'), client.stats()] as const;
    const [, first, , second] = await Promise.all(answers);
    expect(Number(first.get('cmd_set'))).toBe(before + 1);
    expect(Number(second.get('cmd_set'))).toBe(before + 2);
  });

  it('operations by prefix are counted while `stats detail` is on', async () => {
    const answers: string[][] = [];
    for (const client of [await cluster.client(0), await connectTo(memcached)]) {
      await client.ask('flush_all\r\n');
      await client.ask('stats reset\r\n');
      await client.ask('stats detail on\r\n');
      await client.set('user:1', 'x');
      await client.findAll(['user:1', 'user:2', 'plain']);
      await client.findAll(['user:1'], 'gat 0');
      await client.ask('delete user:1\r\n');
      await client.ask('stats detail off\r\n');
      await client.set('user:1', 'x');
      answers.push(await client.lines('stats detail dump'));
    }
    expect(answers[0]).toEqual(['PREFIX user get 3 hit 2 set 1 del 1']);
    expect(answers[0]).toEqual(answers[1]);
  });

  it('stats reset sets counters to zero, and leaves the other figures', async () => {
    const client = await cluster.client(0);
    await client.set('a', '1');
    expect(await client.ask('stats reset\r\n')).toBe('RESET');
    const stats = await client.stats();
    for (const name of ['cmd_set', 'total_items', 'total_connections']) expect(stats.get(name)).toBe('0');
    expect(Number(stats.get('curr_items'))).toBeGreaterThan(0);
  });
}

function figureTests(): void {
  it('figures have the names that memcached gives them, in the same order', async () => {
    const [client, reference] = [await cluster.client(0), await connectTo(memcached)];
    for (const group of ['stats', 'stats settings', 'stats slabs', 'stats sizes']) {
      const ours = namesOf(await client.lines(group)).filter((name) => !name.startsWith('memchorus_'));
      const theirs = namesOf(await reference.lines(group));
      expect(ours, group).toEqual(theirs.filter((name) => ours.includes(name)));
    }
    reference.close();
  });

  it('figures of the store are those of the controller’s own memcached', async () => {
    const client = await cluster.client(0);
    await client.set('large', 'x'.repeat(100_000));
    const store = await connectTo(cluster.memcached(0));
    for (const name of ['bytes', 'limit_maxbytes', 'evictions', 'hash_bytes']) {
      await eventually(async () =>
        expect((await client.stats()).get(name), name).toBe((await store.stats()).get(name)),
      );
    }
    const items = (lines: string[]): string[] => lines.filter((line) => line.includes(':number '));
    expect(items(await client.lines('stats items'))).toEqual(items(await store.lines('stats items')));
    store.close();
  });

  it('stats conns lists connections with their address and state', async () => {
    const client = await cluster.client(0);
    const lines = await client.lines('stats conns');
    const { localPort } = client.socket;
    const own = lines
      .find((line) => line.endsWith(`:addr tcp:127.0.0.1:${localPort}`))
      ?.match(/^STAT (\d+):/)?.[1];
    expect(lines).toContain(`STAT ${own}:listen_addr tcp:127.0.0.1:${cluster.ports[0]}`);
    expect(lines).toContain(`STAT ${own}:state conn_parse_cmd`);
    expect(lines).toContain(`STAT ${own}:secs_since_last_cmd 0`);
  });

  it('the figure version is the version of memcached alone, since clients parse it', async () => {
    const stats = await (await cluster.client(0)).stats();
    expect(stats.get('version')).toBe((await (await connectTo(memcached)).stats()).get('version'));
    expect(stats.get('memchorus_version')).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('every figure of memcached is shown, or named in the documentation as left out', async () => {
    const [own, of] = [await cluster.client(0), await connectTo(memcached)];
    const page = readFileSync(resolve(import.meta.dirname, '../../docs/protocol.md'), 'utf8');
    const leftOut = /Left out, since[^.]*\./.exec(page)![0];
    const patterns = [...leftOut.matchAll(/`([a-z_*]+)`/g)].map(
      ([, name]) => new RegExp(`^${name!.replace('*', '.*')}$`),
    );
    const given = await own.stats();
    const missing = [...(await of.stats()).keys()].filter((name) => !given.has(name));
    expect(missing.filter((name) => !patterns.some((pattern) => pattern.test(name)))).toEqual([]);
  });
}

function outageTests(): void {
  it('the controller’s own figures are shown while its memcached is down', async () => {
    const client = await cluster.client(2);
    await cluster.memcached(2).kill();
    const stats = await eventually(async () => {
      const found = await client.stats();
      expect(found.get('memchorus_store_up')).toBe('0');
      return found;
    });
    expect([stats.has('cmd_get'), stats.has('bytes')]).toEqual([true, false]);
    expect(await client.ask('stats items\r\n')).toMatch(/^SERVER_ERROR memcached/);
    expect(await client.ask('cache_memlimit 64\r\n')).toMatch(/^SERVER_ERROR memcached/);
    await cluster.memcached(2).start();
    await cluster.ready();
    expect((await client.stats()).has('bytes')).toBe(true);
  });
}

function commandTests(): void {
  it.each(COMMANDS)('%s is answered as by memcached', async (line) => {
    const answers: string[] = [];
    for (const client of [await cluster.client(0), await connectTo(memcached)]) {
      client.send(`${line}\r\nmn\r\n`);
      answers.push(await untilMark(client));
    }
    expect(answers[0]).toBe(answers[1]);
  });

  it('flush_all with a delay of a second flushes at once, as in memcached, and with a longer delay later', async () => {
    const other = await Memcached.start();
    try {
      for (const client of [await cluster.client(0), await connectTo(other)]) {
        await client.set('flushed', '1');
        expect(await client.ask('flush_all 30\r\n')).toBe('OK');
        expect(await client.get('flushed')).toBe('1');
        expect(await client.ask('flush_all 1\r\n')).toBe('OK');
        expect(await client.get('flushed')).toBeNull();
      }
    } finally {
      await other.stop();
    }
  });

  it('cache_memlimit changes the memory limit of the controller’s own memcached, and of no other', async () => {
    const client = await cluster.client(0);
    expect(await client.ask('cache_memlimit 100\r\n')).toBe('OK');
    const limitOf = async (id: number) => (await (await cluster.client(id)).stats()).get('limit_maxbytes');
    expect(await limitOf(0)).toBe(`${100 * 1_048_576}`);
    expect(await limitOf(1)).toBe(`${64 * 1_048_576}`);
  });
}

function connectTo({ port }: Memcached): Promise<TextClient> {
  return TextClient.connect(port);
}

function namesOf(lines: readonly string[]): string[] {
  return lines.map((line) => line.split(' ')[1]!);
}

/** The lines before the reply to `mn`, or before the end of the connection. */
async function untilMark(client: TextClient): Promise<string> {
  const lines: string[] = [];
  try {
    for (let line = await client.takeLine(); line !== 'MN'; line = await client.takeLine()) lines.push(line);
  } catch {
    lines.push('<closed>');
  }
  client.close();
  return lines.join('\n');
}
