import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import type { TextClient } from '../support/text-client.ts';

/** Sends lines, and reads all that comes back. */
async function talk(client: TextClient, lines: string): Promise<string> {
  client.send(`${lines.replaceAll('\n', '\r\n')}\r\nmn\r\n`);
  const answers: string[] = [];
  for (let line = await client.takeLine(); line !== 'MN'; line = await client.takeLine()) answers.push(line);
  return answers.join('\n');
}

/** Reads that ask for a level, over a plain socket. */
describe('a read that asks for a level', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ level: 'linearizability', store: 'custom' });
  });
  afterAll(() => cluster?.stop());

  it('is told which level has served it, on a hit and on a miss', async () => {
    using client = await cluster.client(0);
    expect(await client.ask('set greeting 0 0 5\r\nhello\r\n')).toBe('STORED');
    const answers = await talk(client, 'mg greeting v Gs\nmg greeting Ge k\nmg greeting Gl\nmg none Gs');
    expect(answers).toBe('VA 5 Gs\nhello\nHD Gs kgreeting\nHD Gl\nEN Gs');
  });

  it('may ask for the whole connection, which can be told what it asks for', async () => {
    using client = await cluster.client(1);
    expect(await talk(client, 'level sequential\nlevel\nlevel default\nlevel')).toBe(
      'OK\nASKED sequential\nKEYSPACE default linearizability READS sequential\nEND\n' +
        'OK\nASKED default\nKEYSPACE default linearizability READS linearizability\nEND',
    );
    expect(await client.ask('level strong\r\n')).toBe(
      'CLIENT_ERROR usage: level [default|linearizability|sequential|causal|eventual|stale-ms <milliseconds>]',
    );
  });

  it('is counted at the level that has served it', async () => {
    using client = await cluster.client(2);
    const before = await client.stats();
    await talk(client, 'mg greeting Gs\nget greeting none\nlevel sequential\nget greeting');
    const after = await client.stats();
    const more = (level: string) =>
      Number(after.get(`memchorus_reads_${level}`)) - Number(before.get(`memchorus_reads_${level}`));
    expect(['linearizability', 'sequential', 'causal', 'eventual'].map(more)).toEqual([2, 2, 0, 0]);
  });

  it('may ask for a bound on staleness, and is told how old its answer is at most', async () => {
    using client = await cluster.client(1);
    expect(await client.ask('mg greeting A60000\r\n')).toMatch(/^HD A\d+$/);
    expect(await client.ask('mg none A60000\r\n')).toMatch(/^EN A\d+$/);
    expect(await talk(client, 'level stale-ms 60000\nlevel\nget greeting')).toBe(
      'OK\nASKED stale-ms 60000\nKEYSPACE default linearizability READS stale-ms 60000\nEND\n' +
        'VALUE greeting 0 5\nhello\nEND',
    );
    expect(Number((await client.stats()).get('memchorus_reads_bounded'))).toBe(3);
  });

  it('is served in a minority, where the reads of the keyspace are refused', async () => {
    using client = await cluster.client(0);
    await Promise.all([cluster.kill(1), cluster.kill(2)]);
    await eventually(async () => {
      expect(await client.ask('mg greeting\r\n')).toMatch(/^SERVER_ERROR no majority/);
    });
    expect(await talk(client, 'mg greeting v Gs')).toBe('VA 5 Gs\nhello');
    expect(await talk(client, 'mg greeting v A600000')).toMatch(/^VA 5 A\d+\nhello$/);
    expect(await talk(client, 'mg greeting v A1')).toMatch(
      /^SERVER_ERROR not proven to be at most 1 ms old: the last proof is \d+ ms old, and no majority/,
    );
    expect(await client.ask('level sequential\r\n')).toBe('OK');
    expect(await talk(client, 'get greeting')).toBe('VALUE greeting 0 5\nhello\nEND');
  });
});

describe('a read that asks for too strong a level', () => {
  it('is refused with the reason; a connection that asks for one is not', async () => {
    await using cluster = await startCluster({ level: 'eventual', store: 'custom', controllers: 1 });
    using client = await cluster.client(0);
    expect(await client.ask('mg k v Gs\r\n')).toBe(
      'CLIENT_ERROR a read cannot ask for sequential: its keyspace has the weaker level eventual',
    );
    expect(await client.ask('mg k v Ge\r\n')).toBe('EN Ge');
    expect(await client.ask('level linearizability\r\n')).toBe('OK');
    expect(await client.ask('mg k v\r\n')).toBe('EN');
  });
});
