import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { hasMemcached } from '../support/memcached.ts';
import type { StoreKind } from '../support/store-process.ts';
import type { TextClient } from '../support/text-client.ts';

const MEBIBYTE = 1_048_576;

/** The default settings, with a `request_timeout` that is longer than `store_timeout`. */
const IMPATIENT = { threshold: '3', lease_time: '0.3', store_timeout: '1', request_timeout: '2' };

/** How much a controller may grow beside its budget for clients: its heap, and buffers on their way. */
const GROWTH_BYTES_MAX = 160 * MEBIBYTE;

let cluster: Cluster;
let watching: NodeJS.Timeout | undefined;
afterEach(() => {
  clearInterval(watching);
  return cluster?.stop();
});

async function start(
  settings: Readonly<Record<string, string>> = {},
  controllers = 1,
  store: StoreKind = 'custom',
): Promise<void> {
  cluster = await startCluster({ level: 'sequential', store, controllers, settings });
}

/** Only with memcached does every read of a value take memory of its own: the embedded store gives out one copy. */
const testWithMemcached = hasMemcached || process.env.CI ? it : it.skip;

/** Sets and reads a key of its own, one request after the other. */
async function workPolitely(client: TextClient, key: string, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    expect(await client.set(key, `${round}`)).toBe('STORED');
    expect(await client.get(key)).toBe(`${round}`);
  }
}

/** Counts the bytes of the replies to a client, without parsing them. */
function answerBytes(client: TextClient): () => number {
  let bytes = 0;
  client.socket.removeAllListeners('data');
  client.socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  return () => bytes;
}

describe('one greedy client', () => {
  it.each([
    ['gets', 'get greedy\r\n', 'END\r\n'],
    ['sets', 'set greedy 0 0 1\r\nx\r\n', 'STORED\r\n'],
  ])('that pipelines 100,000 %s does not delay ten others until its end', async (_, request, answer) => {
    await start({}, 3);
    const requests = 100_000;
    const polite = await Promise.all(Array.from({ length: 10 }, () => cluster.client(0)));
    const greedy = await cluster.client(0);
    const answered = answerBytes(greedy);
    greedy.send(request.repeat(requests));
    await eventually(() => answered() > 0);
    await Promise.all(polite.map((client, at) => workPolitely(client, `polite-${at}`, 20)));
    expect(answered()).toBeLessThan(requests * answer.length);
    await eventually(() => answered() === requests * answer.length);
    expect(Number((await polite[0]!.stats()).get('conn_yields'))).toBeGreaterThan(requests / 64 / 2);
  });
});

describe('one huge request', () => {
  it('that reads 100,000 keys does not delay ten other clients until its end', async () => {
    await start({}, 3);
    const polite = await Promise.all(Array.from({ length: 10 }, () => cluster.client(0)));
    const greedy = await cluster.client(0);
    expect(await greedy.set('k', 'v')).toBe('STORED');
    const keys = 100_000;
    const bytes = 'VALUE k 0 1\r\nv\r\n'.length * keys + 'END\r\n'.length;
    const answered = answerBytes(greedy);
    greedy.send(`get ${'k '.repeat(keys)}\r\n`);
    await Promise.all(polite.map((client, at) => workPolitely(client, `polite-${at}`, 5)));
    expect(answered()).toBeLessThan(bytes);
    await eventually(() => answered() === bytes);
  });
});

describe('memory', () => {
  it('is bounded while a client pipelines 300 MB of sets and reads no reply', async () => {
    await start();
    const watch = watchMemory();
    const client = await cluster.client(0);
    client.socket.pause();
    const request = `set large 0 0 100000\r\n${'x'.repeat(100_000)}\r\n`;
    for (let sent = 0; sent < 300_000_000; sent += request.length * 10) {
      client.send(request.repeat(10));
      if (client.socket.writableLength > 0) await once(client.socket, 'drain');
    }
    const answered = answerBytes(client);
    client.socket.resume();
    await eventually(() => answered() >= 3000 * 'STORED\r\n'.length);
    // A slow disk adds the memory of the writes that wait for it, and of those that it has just taken.
    expect(watch.growth()).toBeLessThan(GROWTH_BYTES_MAX + 64 * MEBIBYTE);
  });

  testWithMemcached('is bounded while many clients ask for large values and do not read them', async () => {
    await start({ client_bytes_max: '32m' }, 1, 'memcache');
    const polite = await cluster.client(0);
    await polite.set('large', 'x'.repeat(1_000_000));
    const watch = watchMemory();
    for (let at = 0; at < 20; at++) {
      const slow = await cluster.client(0);
      slow.socket.pause();
      slow.send('get large\r\n'.repeat(200));
    }
    await workPolitely(polite, 'polite', 200);
    await sleep(500);
    await workPolitely(polite, 'polite', 200);
    expect(watch.growth()).toBeLessThan(32 * MEBIBYTE + GROWTH_BYTES_MAX);
  });

  it('is refused to clients that use it for unfinished requests, and to no other client', async () => {
    await start({ client_bytes_max: '8m' });
    const polite = await cluster.client(0);
    const refusals: string[] = [];
    for (let at = 0; at < 16; at++) {
      const stalling = await cluster.client(0);
      void stalling.takeLine().then(
        (line) => refusals.push(line),
        () => {},
      );
      stalling.send(`set stalled-${at} 0 0 1000000\r\n${'x'.repeat(900_000)}`);
      await workPolitely(polite, 'polite', 5);
    }
    await eventually(() => refusals.length >= 8);
    expect(new Set(refusals)).toEqual(new Set(['SERVER_ERROR out of memory reading request']));
    const stats = await eventually(async () => {
      const found = await polite.stats();
      expect(Number(found.get('memchorus_clients_refused'))).toBe(refusals.length);
      return found;
    });
    expect(Number(stats.get('memchorus_client_bytes'))).toBeLessThan(9 * MEBIBYTE);
  });
});

/** A `getkq` request: quiet, and answered with the key. */
function binaryGet(key: string): Buffer {
  const header = Buffer.from([0x80, 0x0d, 0, key.length, ...new Array<number>(20).fill(0)]);
  header.writeUInt32BE(key.length, 8);
  return Buffer.concat([header, Buffer.from(key)]);
}

const LARGE = 'x'.repeat(1_000_000);
const LARGE_KEYS = Array.from({ length: 40 }, (_, at) => `large-${at}`);

async function startWithLargeValues(settings: Readonly<Record<string, string>> = {}): Promise<TextClient> {
  await start(settings, 1, 'memcache');
  const polite = await cluster.client(0);
  for (const key of LARGE_KEYS) expect(await polite.set(key, LARGE)).toBe('STORED');
  return polite;
}
/** A `get` that names all keys, repeated so many times. */
const lineOf = (keys: readonly string[], times: number) => `get${` ${keys.join(' ')}`.repeat(times)}\r\n`;

describe('reads of more bytes than the read window', () => {
  boundedMemoryTests();
  pauseTests();
});

function boundedMemoryTests(): void {
  testWithMemcached.each([
    ['one key 20,000 times', [LARGE_KEYS[0]!], 20_000],
    ['40 keys 200 times', LARGE_KEYS, 200],
  ])(
    'regression: one line that names %s, of a client that then disconnected, took all memory',
    async (_, keys, times) => {
      const polite = await startWithLargeValues();
      const watch = watchMemory();
      const greedy = await cluster.client(0);
      const answered = answerBytes(greedy);
      greedy.send(lineOf(keys, times));
      await eventually(() => answered() > 10 * LARGE.length);
      greedy.close();
      await workPolitely(polite, 'polite', 50);
      await sleep(1_000);
      expect(watch.growth()).toBeLessThan(GROWTH_BYTES_MAX);
      await eventually(async () => Number((await polite.stats()).get('memchorus_client_bytes')) < MEBIBYTE);
    },
  );

  testWithMemcached.each([
    ['a line', Buffer.from(lineOf(LARGE_KEYS, 100))],
    [
      'meta gets',
      Buffer.from(
        LARGE_KEYS.map((key) => `mg ${key} v\r\n`)
          .join('')
          .repeat(50),
      ),
    ],
    ['binary gets', Buffer.concat(new Array(50).fill(LARGE_KEYS.map(binaryGet)).flat())],
  ])(
    'by %s of 30 clients that read no reply do not delay other clients, and use bounded memory',
    async (_, request) => {
      const polite = await startWithLargeValues({ client_bytes_max: '64m' });
      const watch = watchMemory();
      for (let at = 0; at < 30; at++) {
        const silent = await cluster.client(0);
        silent.socket.pause();
        silent.send(request);
      }
      await workPolitely(polite, 'polite', 100);
      expect(await polite.get(LARGE_KEYS[1]!)).toBe(LARGE);
      expect(watch.growth()).toBeLessThan(64 * MEBIBYTE + GROWTH_BYTES_MAX);
    },
  );
}

function pauseTests(): void {
  testWithMemcached(
    'are answered in full, at the pace of their client, even when it pauses for longer than request_timeout',
    async () => {
      const polite = await startWithLargeValues(IMPATIENT);
      const watch = watchMemory();
      const slow = await cluster.client(0);
      slow.socket.pause();
      slow.send(`${lineOf(LARGE_KEYS, 4)}get polite\r\n`);
      // The pause is longer than request_timeout.
      await sleep(4_000);
      await workPolitely(polite, 'polite', 10);
      const answered = answerBytes(slow);
      slow.socket.resume();
      const large = LARGE_KEYS.map((key) => `VALUE ${key} 0 1000000\r\n`.length + LARGE.length + 2);
      const bytes = large.reduce((sum, one) => sum + one) * 4 + 5 + 'VALUE polite 0 1\r\n9\r\nEND\r\n'.length;
      await eventually(() => answered() === bytes);
      expect(watch.growth()).toBeLessThan(GROWTH_BYTES_MAX);
    },
  );
}

describe('connections', () => {
  it('beyond connections_max are refused with an error, and accepted once others have closed', async () => {
    await start({ connections_max: '5' });
    const clients = await Promise.all(Array.from({ length: 5 }, () => cluster.client(0)));
    for (const client of clients) expect(await client.ask('version\r\n')).toMatch(/^VERSION/);
    const further = await cluster.client(0);
    expect(await further.ask('version\r\n')).toBe('ERROR Too many open connections');
    expect((await clients[0]!.stats()).get('rejected_connections')).not.toBe('0');
    clients[1]!.close();
    await eventually(async () => {
      using next = await cluster.client(0);
      expect(await next.ask('version\r\n')).toMatch(/^VERSION/);
    });
  });

  it('that send nothing lock out neither clients nor controllers, however many there are', async () => {
    await start({ connections_max: '20' }, 3);
    const silent = Array.from({ length: 400 }, () => connect(cluster.ports[0]!, '127.0.0.1'));
    let closed = 0;
    for (const socket of silent) {
      socket.on('error', () => {});
      socket.resume();
      socket.once('close', () => closed++);
    }
    try {
      await eventually(() => closed >= silent.length - 100);
      const client = await cluster.client(0);
      expect(await client.set('a', '1')).toBe('STORED');
      await cluster.restart(2);
      expect(await client.set('a', '2')).toBe('STORED');
    } finally {
      for (const socket of silent) socket.destroy();
    }
  });

  it('that have never sent anything are closed after idle_timeout', async () => {
    await start({ idle_timeout: '1' });
    const silent = connect(cluster.ports[0]!, '127.0.0.1');
    await once(silent.resume(), 'close');
    const client = await cluster.client(0);
    expect(Number((await client.stats()).get('idle_kicks'))).toBeGreaterThan(0);
  });

  it('that send nothing for idle_timeout are closed, and active ones are not', async () => {
    // Long enough that a busy machine does not keep the active client silent for as long.
    await start({ idle_timeout: '4' });
    const [idle, active] = [await cluster.client(0), await cluster.client(0)];
    await idle.set('a', '1');
    let ended = false;
    idle.socket.once('close', () => {
      ended = true;
    });
    while (!ended) {
      expect(await active.get('a')).toBe('1');
      await sleep(50);
    }
    expect(Number((await active.stats()).get('idle_kicks'))).toBeGreaterThan(0);
  });
});

describe('shutdown', () => {
  it('ends the controller after the requests in progress, where the setting allows that', async () => {
    await start({ shutdown_command: 'yes' });
    const client = await cluster.client(0);
    expect(await client.ask('shutdown now\r\n')).toBe('CLIENT_ERROR invalid shutdown mode');
    const stored = client.set('a', '1');
    client.send('shutdown graceful\r\n');
    expect(await stored).toBe('STORED');
    await expect(client.takeLine()).rejects.toThrow('closed');
    await eventually(() => !cluster.controllers[0]!.isRunning);
    expect(cluster.controllers[0]!.log().at(-1)).toContain('stopped');
  });
});

/** Measures by how many bytes controller 0 has grown at the most since the call. */
function watchMemory(): { growth: () => number } {
  const resident = (): number => {
    const pages = readFileSync(`/proc/${cluster.controllers[0]!.pid}/statm`, 'utf8').split(' ')[1];
    return Number(pages) * 4096;
  };
  const before = resident();
  let most = before;
  watching = setInterval(() => {
    most = Math.max(most, resident());
  }, 20);
  return {
    growth: () => {
      clearInterval(watching);
      return most - before;
    },
  };
}
