import { createServer, type Server } from 'node:net';
import { expect, it } from 'vitest';
import { createDriver } from '../../src/store/create-driver.ts';
import type { KvDriver } from '../../src/store/driver.ts';
import { LargeValues } from '../../src/store/large-values.ts';
import { NODE_TRANSPORT } from '../../src/transport/node-transport.ts';
import { describeWithMemcached, ITEM_BYTES_MAX, Memcached } from '../support/memcached.ts';
import { StartedCluster } from '../support/started-cluster.ts';
import { TextClient } from '../support/text-client.ts';

/**
 * memcacheds that run on the store ports before the cluster does, started from a compose file or otherwise.
 */
class Found implements AsyncDisposable {
  readonly memcacheds: readonly Memcached[];

  constructor(ports: readonly number[]) {
    this.memcacheds = ports.map((port) => new Memcached(port, ITEM_BYTES_MAX));
  }

  static async start(ports: readonly number[]): Promise<Found> {
    const found = new Found(ports);
    for (const memcached of found.memcacheds) await memcached.start();
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const memcached of this.memcacheds) await memcached.kill();
  }
}

async function answers(port: number): Promise<boolean> {
  using client = await TextClient.connect(port);
  return (await client.ask('version\r\n')).startsWith('VERSION');
}

async function withDriver<T>(port: number, action: (driver: KvDriver) => Promise<T>): Promise<T> {
  const storeAddress = { host: '127.0.0.1', port };
  const options = { storeType: 'memcache', storeAddress, storeTimeoutMs: 1000, storeBytesMax: 0 } as const;
  const driver = await createDriver(options, { transport: NODE_TRANSPORT, largeValues: new LargeValues(0) });
  await new Promise<void>((resolve) => driver.open(({ up }) => up && resolve()));
  const result = await action(driver);
  await driver.close();
  return result;
}

async function fakeServer(port: number, onData: (chunk: Buffer) => string | null): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      const reply = onData(chunk);
      if (reply !== null) socket.write(reply);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

describeWithMemcached('memcacheds that run already on the store ports', () => {
  useTests();
  refusalTests();
});

function useTests(): void {
  it('are used, also when the level changes later, and stop.sh leaves them running', async () => {
    await using cluster = await StartedCluster.create();
    await using found = await Found.start(cluster.storePorts);
    const started = await cluster.start('-cons', 'linearizability');
    expect(started).toMatchObject({ code: 0, stderr: '' });
    expect(started.stdout).toContain(
      `stores: memcached that is there already, on 127.0.0.1:${cluster.storePorts[0]} (`,
    );
    expect(started.stdout).toContain('empty');
    expect(await cluster.ask(0, 'set', 'k', 'v')).toMatchObject({ code: 0 });
    expect(await cluster.stop()).toMatchObject({ code: 0, stdout: 'stopped 3 controllers\n' });
    for (const { port } of found.memcacheds) expect(await answers(port)).toBe(true);

    const eventual = await cluster.start('-cons', 'eventual');
    expect(eventual).toMatchObject({ code: 0, stderr: '' });
    expect(eventual.stdout).toContain("this cluster's");
    expect(await cluster.stop()).toMatchObject({ code: 0 });

    expect(await cluster.start('-cons', 'linearizability')).toMatchObject({ code: 0, stderr: '' });
    expect((await cluster.ask(1, 'get', 'k')).stdout).toContain('v');
  });

  it('are recognized by the sentinel of a journal when nothing else identifies them', async () => {
    await using cluster = await StartedCluster.create({ controllers: 1 });
    await using _ = await Found.start(cluster.storePorts);
    expect(await cluster.start('-n', '1')).toMatchObject({ code: 0 });
    expect(await cluster.ask(0, 'set', 'k', 'v')).toMatchObject({ code: 0 });
    expect(await cluster.stop()).toMatchObject({ code: 0 });
    const remove = (driver: KvDriver) => new Promise((resolve) => driver.delete('\0memchorus', resolve));
    await withDriver(cluster.storePorts[0]!, remove);
    expect(await cluster.start('-n', '1')).toMatchObject({ code: 0, stderr: '' });
  });

  it('may be some of the stores, and startup.sh starts the others', async () => {
    await using cluster = await StartedCluster.create();
    await using _ = await Found.start([cluster.storePorts[1]!]);
    const started = await cluster.start();
    expect(started).toMatchObject({ code: 0, stderr: '' });
    expect(started.stdout).toMatch(
      /there already, on 127\.0\.0\.1:\d+ \(.*; for the others the memcached program/,
    );
    expect((await cluster.stop()).stdout).toBe('stopped 3 controllers\nstopped 2 memcacheds\n');
    expect(await answers(cluster.storePorts[1]!)).toBe(true);
  });
}

function refusalTests(): void {
  it('are refused when they hold items of another program, unless --stores names them', async () => {
    await using cluster = await StartedCluster.create({ controllers: 1 });
    await using _ = await Found.start(cluster.storePorts);
    const [port] = cluster.storePorts;
    using client = await TextClient.connect(port!);
    expect(await client.set('theirs', 'x')).toBe('STORED');
    const refused = await cluster.start('-n', '1');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(
      `the memcached on 127.0.0.1:${port} has 1 items that this cluster did not put there`,
    );
    expect(refused.stderr).toContain('--stores=HOST:PORT,…');
    expect(await cluster.start('-n', '1', `--stores=127.0.0.1:${port}`)).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await client.get('theirs')).toBe('x');
  });

  it('are refused to a cluster when another cluster uses them', async () => {
    await using one = await StartedCluster.create({ controllers: 1 });
    await using _ = await Found.start(one.storePorts);
    expect(await one.start('-n', '1')).toMatchObject({ code: 0 });
    await using other = await StartedCluster.create({ controllers: 1 });
    const ports = ['--base-port', `${other.ports[0]}`, '--store-base-port', `${one.storePorts[0]}`];
    const refused = await other.run(`${other.project}/startup.sh`, ...ports, '-n', '1');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/did not put there/) });
  });
}

describeWithMemcached('startup.sh names the program on a store port that can’t be used', () => {
  it('when it is a memcached without the binary protocol', async () => {
    await using cluster = await StartedCluster.create({ controllers: 1 });
    const memcached = new Memcached(cluster.storePorts[0]!, ITEM_BYTES_MAX, ['-B', 'ascii']);
    await memcached.start();
    const refused = await cluster.start('-n', '1');
    await memcached.kill();
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toMatch(
      /a memcached \([\d.]+\) answers on .*, but not in the binary protocol.*-B ascii/,
    );
  });

  it.each([
    [
      'a Redis',
      () => "-ERR unknown command 'version', with args beginning with: \r\n",
      'it seems to be a Redis',
    ],
    ['a web server', () => 'HTTP/1.1 400 Bad Request\r\n\r\n', 'it seems to be a web server'],
    ['a silent server', () => null, 'it seems to be something that accepts connections and answers nothing'],
    ['another server', () => 'hello\r\n', 'it seems to be something that answers "hello"'],
  ])('when it is %s', async (_, reply, words) => {
    await using cluster = await StartedCluster.create({ controllers: 1 });
    const server = await fakeServer(cluster.storePorts[0]!, reply);
    const refused = await cluster.start('-n', '1');
    server.close();
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(words);
    expect(refused.stderr).toContain('choose other ports with --store-base-port');
    expect(refused.stderr).not.toContain('MainThread');
  });
});
