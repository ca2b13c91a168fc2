import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { run } from '../support/programs.ts';
import { mayMount, SmallDisk } from '../support/small-disk.ts';

const PROJECT = resolve(import.meta.dirname, '../..');

/** Runs `main.ts status` as a user does. */
async function status(cluster: Cluster, ...words: string[]) {
  const main = [resolve(PROJECT, 'main.ts'), 'status', '-c', cluster.configFile, ...words];
  const { code, printed } = await run(process.execPath, main);
  const lines = printed.trimEnd().split('\n');
  return { code, printed, last: lines.at(-1)!, rows: lines.filter((line) => /^\d/.test(line)) };
}

const addressOf = (cluster: Cluster, id: number): string => `127.0.0.1:${cluster.ports[id]}`;

const linesOf = (cluster: Cluster, id: number, words: string): string[] =>
  cluster.controllers[id]!.log().filter((line) => line.includes(words));

describe.each(['linearizability', 'sequential'])('%s: status', (level) => {
  it('reports healthy, degraded and unavailable as controllers die, and exits with 0, 1 and 3', async () => {
    await using cluster = await startCluster({ level, store: 'custom' });
    await (await cluster.client(0)).set('key', 'value');
    const healthy = await status(cluster);
    expect(healthy).toMatchObject({ code: 0, last: 'healthy: 3 of 3 take part, 1 failure is tolerated' });
    expect(healthy.printed).toContain(`memchorus, ${level}, version`);
    for (const row of healthy.rows) expect(row).toMatch(/ member +ready +ready +\d+\.\d +all +up /);

    await cluster.kill(2);
    await eventually(async () => expect((await cluster.status(0)).view.members).toEqual([0, 1]));
    const degraded = await status(cluster);
    expect(degraded).toMatchObject({
      code: 1,
      last: 'degraded: 2 of 3 take part, no further failure is tolerated',
    });
    expect(degraded.printed).toContain(`${addressOf(cluster, 2)}: nothing listens there`);
    await eventually(() => expect(linesOf(cluster, 0, ' warn  [0] peer is down')).toHaveLength(1));
    await eventually(() => expect(linesOf(cluster, 0, ' warn  [0] view installed')).toHaveLength(1));

    await cluster.kill(1);
    const client = await cluster.client(0);
    await eventually(async () => expect((await cluster.status(0)).writes.ready).toBe(false));
    expect(await client.set('key', 'other')).toMatch(/^SERVER_ERROR no majority/);
    const mine = await cluster.status(0);
    await eventually(async () => expect((await cluster.status(0)).peers[0]!.role).toBe('cut off'));
    const unavailable = await status(cluster);
    expect(unavailable.code).toBe(3);
    if (level === 'sequential') {
      expect(await client.get('key')).toBe('value');
      expect(mine.reads).toEqual({ ready: true, reason: '' });
      expect(unavailable.last).toBe(
        `unavailable: reads only, at ${addressOf(cluster, 0)}; no controller takes writes`,
      );
    } else {
      await expect(client.get('key')).rejects.toThrow(/no majority/);
      expect((await cluster.status(0)).reads.ready).toBe(false);
      expect(unavailable.last).toBe('unavailable: no controller serves reads or writes');
    }
    const shown = (await (await cluster.client(0)).lines('show')).join('\n');
    expect(shown).toMatch(/^view .* may be over: the lease has run out/m);
    expect(shown).not.toContain('joining');
    const outage =
      level === 'sequential' ? 'ready for reads, not for writes' : 'not ready for reads and writes';
    await eventually(() => expect(linesOf(cluster, 0, outage).at(-1)).toMatch(/ warn .*no majority/));

    cluster.start(1);
    await eventually(() =>
      expect(linesOf(cluster, 0, 'ready for ').at(-1)).toMatch(/ info .* ready for reads and writes /),
    );
    await cluster.kill(0);
    await cluster.kill(1);
    expect(await status(cluster)).toMatchObject({ code: 3, last: 'unavailable: no controller answers' });
  });
});

it('status names each address without a controller, and what answers there', async () => {
  await using cluster = await startCluster({ level: 'eventual', store: 'custom' });
  const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\nEND\r\n'));
  const silent = createServer((socket) => socket.on('error', () => {}));
  for (const server of [other, silent]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const ports = [other, silent].map((server) => (server.address() as AddressInfo).port);
  try {
    const peers = ports.map((port) => `127.0.0.1:${port}`).join(',');
    const { code, printed } = await status(cluster, '--peers', peers);
    expect(printed).toContain(`127.0.0.1:${ports[0]}: no controller of memchorus: it answers "HTTP/1.1 400`);
    expect(printed).toContain(`127.0.0.1:${ports[1]}: no answer within 2 s`);
    expect(code).toBe(3);
  } finally {
    other.close();
    silent.close();
  }
});

it('status names a controller that stands still, and finds all controllers through one of them', async () => {
  await using cluster = await startCluster({ level: 'eventual', store: 'custom' });
  const json = async (): Promise<{ state: string; notes: string[]; controllers: unknown[] }> => {
    const { printed } = await status(cluster, '--json', '--peers', addressOf(cluster, 1));
    return JSON.parse(printed);
  };
  expect(await json()).toMatchObject({ state: 'healthy', notes: [], controllers: { length: 3 } });
  cluster.pause(2);
  await eventually(async () => expect((await cluster.status(1)).peers[2]!.up).toBe(false));
  const { state, notes } = await json();
  cluster.resume(2);
  expect(state).toBe('degraded');
  expect(notes).toEqual([`${addressOf(cluster, 2)}: no answer within 2 s`]);
});

describeWithMemcached('a store that hangs', () => {
  it.each(['sequential', 'eventual'])(
    '%s: is reported by every controller, and its controller goes on serving reads',
    async (level) => {
      await using cluster = await startCluster({ level });
      const client = await cluster.client(2);
      expect(await client.set('key', 'value')).toBe('STORED');
      await cluster.memcached(2).pause();
      for (const id of [0, 1, 2]) {
        await eventually(async () => {
          const { peers } = await cluster.status(id);
          expect(peers[2]!.storeTrouble).toMatch(/no answer within/);
        });
      }
      expect(await client.get('key')).toBe('value');
      const { reads, writes, values } = await cluster.status(2);
      expect({ reads: reads.ready, writes: writes.ready }).toEqual({ reads: true, writes: false });
      expect(values.missing - values.unanswered).toBe(0);
      const shown = (await (await cluster.client(0)).lines('show')).join('\n');
      expect(shown).toMatch(new RegExp(`${addressOf(cluster, 2)} .*member, store down: .*no answer within`));
      const { code, printed, last } = await status(cluster);
      expect(code).toBe(1);
      expect(printed).toMatch(/: ready for reads, not for writes: the store is down: .*no answer within/);
      expect(last).toMatch(/^degraded: 3 of 3 take part/);
      await eventually(() =>
        expect(linesOf(cluster, 0, ' warn  [0] the store of a peer is down')).toHaveLength(1),
      );
      cluster.memcached(2).resume();
      await cluster.ready();
      await eventually(() => expect(linesOf(cluster, 0, 'the store of a peer is back')).toHaveLength(1));
    },
  );
});

describe('a full disk of one controller', () => {
  it.skipIf(!mayMount).each(['linearizability', 'eventual'])(
    '%s: is reported by every controller, with its path',
    async (level) => {
      using disk = new SmallDisk('8m');
      await using cluster = await startCluster({
        level,
        store: 'custom',
        flags: { 0: ['--data-dir', `${disk.path}/data`] },
      });
      disk.fill();
      const client = await cluster.client(0);
      const path = `${disk.path}/data/controller-0`;
      await eventually(async () => expect(await client.set('key', 'value')).toContain(path));
      for (const id of [0, 1, 2]) {
        await eventually(async () => {
          const { peers } = await cluster.status(id);
          expect(peers[0]!.role).toMatch(/^takes no writes: ENOSPC/);
          expect(peers[0]!.role).toContain(path);
        });
      }
      const { code, printed } = await status(cluster);
      expect(code).toBe(1);
      expect(printed).toContain(path);
      await eventually(() => expect(linesOf(cluster, 1, ' warn  [1] peer takes no writes')).toHaveLength(1));
      disk.free();
      await cluster.ready();
    },
  );
});

describe('status --watch', () => {
  /** Runs `status --watch` as a user does; none of its outputs is a terminal. */
  function watch(cluster: Cluster, words: readonly string[], signal: 'SIGINT' | 'SIGTERM') {
    const main = [resolve(PROJECT, 'main.ts'), 'status', '-c', cluster.configFile, '--watch', ...words];
    const child = spawn(process.execPath, main, { stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
      });
    }
    const closed = once(child, 'close');
    const printsTimes = (what: RegExp, times: number) =>
      eventually(() => expect(printed.match(what)?.length ?? 0).toBeGreaterThanOrEqual(times));
    const interrupt = async () => {
      child.kill(signal);
      const [code, killedBy] = await closed;
      return { code, killedBy, printed };
    };
    return { printsTimes, interrupt };
  }

  it('prints the status again and again; when interrupted, it exits with the code of the last status', async () => {
    await using cluster = await startCluster({ level: 'sequential', store: 'custom' });
    const table = watch(cluster, [], 'SIGINT');
    await table.printsTimes(/^healthy: 3 of 3 take part/gm, 2);
    await cluster.kill(2);
    await table.printsTimes(/^degraded: 2 of 3 take part/gm, 2);
    const ended = await table.interrupt();
    expect(ended).toMatchObject({ code: 1, killedBy: null });
    expect(ended.printed).toMatch(/\ndegraded: .*\n\n$/);
    expect(ended.printed.match(/^cluster /gm)).toHaveLength(ended.printed.match(/^\w+: \d of 3/gm)!.length);

    cluster.start(2);
    await cluster.ready();
    const json = watch(cluster, ['--json'], 'SIGTERM');
    await json.printsTimes(/"state":"healthy"/g, 2);
    const { code, killedBy, printed } = await json.interrupt();
    expect({ code, killedBy }).toEqual({ code: 0, killedBy: null });
    const lines = printed.trimEnd().split('\n');
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ controllers: { length: 3 } });
  });
});

it('show requests prints key, age and origin of a pending request, and the peers yet to acknowledge it', async () => {
  // With these settings the cluster waits for a paused controller long enough for the test to look.
  const settings = { threshold: '300', lease_time: '5', request_timeout: '60' };
  await using cluster = await startCluster({ level: 'linearizability', store: 'custom', settings });
  const [client, other] = await cluster.clients();
  expect(await client!.set('before', 'x')).toBe('STORED');
  await eventually(async () =>
    expect(await other!.lines('show requests')).toEqual(['requests  0 pending; 1 completed']),
  );
  cluster.pause(2);
  const written = client!.set('the-key', 'value');
  for (const id of [0, 1]) {
    await eventually(async () => {
      const lines = await (await cluster.client(id)).lines('show requests');
      expect(lines[0]).toMatch(/^requests {2}1 pending; \d completed$/);
      const [origin, silent] = [addressOf(cluster, 0), addressOf(cluster, 2)];
      expect(lines[3]).toMatch(new RegExp(`^set +the-key +\\d+(\\.\\d)? m?s +${origin} +${silent}$`));
    });
  }
  const [json] = await (await cluster.client(1)).lines('show requests json');
  expect(JSON.parse(json!)).toMatchObject({
    pending: 1,
    oldest: [
      {
        kind: 'set',
        key: 'the-key',
        origin: addressOf(cluster, 0),
        unacknowledged: [addressOf(cluster, 2)],
      },
    ],
  });
  cluster.resume(2);
  expect(await written).toBe('STORED');
});

describeWithMemcached('show requests', () => {
  it('prints a write that waits for the local store at the level eventual', async () => {
    const settings = { store_timeout: '20', request_timeout: '40' };
    await using cluster = await startCluster({ level: 'eventual', settings });
    const client = await cluster.client(0);
    expect(await client.set('the-key', 'value')).toBe('STORED');
    await cluster.memcached(0).pause();
    const written = client.set('the-key', 'other');
    await eventually(async () => {
      const lines = await (await cluster.client(0)).lines('show requests');
      expect(lines[0]).toMatch(/^requests {2}1 pending/);
      expect(lines[3]).toMatch(/^set +the-key .* -$/);
    });
    cluster.memcached(0).resume();
    expect(await written).toBe('STORED');
  });
});
