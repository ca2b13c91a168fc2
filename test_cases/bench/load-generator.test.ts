import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compilerVersion, Loader } from '../../bench/loader/loader.ts';
import { portOf } from '../support/free-port.ts';
import { describeWithMemcached, Memcached } from '../support/memcached.ts';
import { describeWith } from '../support/programs.ts';
import { TextClient } from '../support/text-client.ts';

/** Tests the load generator against a memcached, and against a server that stalls. */
describeWith('the load generator, which needs a C compiler', compilerVersion() !== null, () => {
  describeWithMemcached('on memcached', onMemcached);
  it(
    'counts a stall at a fixed rate for all requests that had to wait, and not only for the one in flight',
    stall,
  );
});

let loader: Loader;
let memcached: Memcached;

function onMemcached(): void {
  beforeAll(async () => {
    loader = Loader.compile();
    memcached = await Memcached.start();
  });

  afterAll(() => memcached.kill());

  countTests();
  optionTests();
}

const stats = async () => {
  using client = await TextClient.connect(memcached.port);
  return await client.stats();
};

function countTests(): void {
  it('writes every key once, and then finds all of them', async () => {
    const before = Number((await stats()).get('curr_items'));
    const filled = await loader.run('memcached', [memcached.port], { fill: 1, keys: 1234, depth: 16 });
    expect(filled).toMatchObject({ operations: 1234, total: 1234, errors: 0, valueBytes: 123_400 });
    expect(Number((await stats()).get('curr_items')) - before).toBe(1234);
    const got = await loader.run('memcached', [memcached.port], { gets: 100, keys: 1234, seconds: 0.1 });
    expect(got).toMatchObject({ errors: 0, misses: 0 });
    expect(got.gets).toBe(got.total);
    expect(got.valueBytes).toBe(got.operations * 100);
  });

  it('reports the requests that it has sent', async () => {
    const before = await stats();
    const load = { gets: 50, keys: 100, depth: 4, zipf: 0.99, seconds: 0.1, warmup: 0.05 };
    const { total, gets, operations, errors } = await loader.run('memcached', [memcached.port], load);
    const after = await stats();
    const grown = (name: string) => Number(after.get(name)) - Number(before.get(name));
    expect(errors).toBe(0);
    expect(grown('cmd_get')).toBe(gets);
    expect(grown('cmd_set')).toBe(total - gets);
    expect(operations).toBeLessThanOrEqual(total);
  });
}

function optionTests(): void {
  it('carries values of a megabyte', async () => {
    const load = { fill: 1, keys: 8, value: 1_000_000, connections: 2 } as const;
    expect(await loader.run('memcached', [memcached.port], load)).toMatchObject({ total: 8, errors: 0 });
    const read = { gets: 100, keys: 8, value: 1_000_000, connections: 3, seconds: 0.1 };
    expect(await loader.run('memcached', [memcached.port], read)).toMatchObject({ errors: 0, misses: 0 });
  });

  it('counts errors, and reports the first', async () => {
    const load = { fill: 1, keys: 2, value: 3_000_000, connections: 1 } as const;
    const result = await loader.run('memcached', [memcached.port], load);
    expect(result).toMatchObject({ errors: 2, firstError: 'SERVER_ERROR object too large for cache' });
  });

  it('counts up a key that exists, and reports a missing one as a miss', async () => {
    const load = { incr: 1, keys: 1, connections: 5, seconds: 0.05 } as const;
    using client = await TextClient.connect(memcached.port);
    await client.ask('delete key-000000000\r\n');
    const missed = await loader.run('memcached', [memcached.port], load);
    expect(missed.misses).toBe(missed.total);
    await client.set('key-000000000', '0');
    const { total } = await loader.run('memcached', [memcached.port], load);
    expect(await client.get('key-000000000')).toBe(`${total}`);
  });

  it('sends every request of a fixed rate, however few replies there are', async () => {
    const load = { rate: 1000, seconds: 0.3, connections: 3, depth: 1 };
    const { total, unfinished } = await loader.run('memcached', [memcached.port], load);
    expect(total + unfinished).toBe(300);
  });

  it('reports wrong options, and a server that does not listen', async () => {
    await expect(loader.run('redis', [memcached.port], { incr: 1 })).rejects.toThrow('redis has no incr');
    await expect(loader.run('memcached', [1], {})).rejects.toThrow('port 1: Connection refused');
  });
}

/** Starts a server that answers every line with STORED, the first ones only after a stall. */
function stallingServer(stallMs: number): Promise<Server> {
  let opensAtMs = 0;
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('data', (chunk) => {
        opensAtMs ||= performance.now() + stallMs;
        const answer = 'STORED\r\n'.repeat(chunk.toString('latin1').split('set ').length - 1);
        setTimeout(() => socket.write(answer), Math.max(0, opensAtMs - performance.now()));
      });
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

async function stall(): Promise<void> {
  const server = await stallingServer(400);
  try {
    const load = { rate: 1000, seconds: 1, connections: 1, depth: 1, value: 1 };
    const { p90Us, maxUs } = await Loader.compile().run('memcached', [portOf(server)], load);
    // 400 of 1000 requests are due during the stall, one a millisecond: 100 of them wait for 300 ms or more.
    expect(maxUs).toBeGreaterThan(390_000);
    expect(p90Us).toBeGreaterThan(250_000);
  } finally {
    server.close();
  }
}
