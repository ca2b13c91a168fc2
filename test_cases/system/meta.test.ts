import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { HANGS_AFTER_MS } from '../support/hang.ts';
import { describeWithMemcached, Memcached } from '../support/memcached.ts';
import { META_CASES, withoutTokens } from '../support/meta-cases.ts';
import { NEWER_CASES } from '../support/meta-entry-cases.ts';
import type { ProtocolCase } from '../support/protocol-cases.ts';
import { TextClient } from '../support/text-client.ts';

/** How long a connection is watched after its last expected byte, in milliseconds. */
const QUIET_MS = 20;
const ANSWER_WITHIN_MS = HANGS_AFTER_MS;

/** Sends the input over a connection of its own, and listens until the answer is there and nothing follows. */
async function converse(port: number, { input, output }: ProtocolCase): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  socket.write(Buffer.from(input, 'latin1'));
  const deadline = performance.now() + ANSWER_WITHIN_MS;
  while (withoutTokens(received).length < output.length && performance.now() < deadline) await sleep(2);
  await sleep(QUIET_MS);
  socket.destroy();
  return withoutTokens(received);
}

async function flush(port: number): Promise<void> {
  using client = await TextClient.connect(port);
  expect(await client.ask('flush_all\r\n')).toBe('OK');
}

/**
 * `la` tells how long ago an entry was read, in whole seconds, so an answer with `la=0` differs where a second begins
 * between two requests of the conversation. Such a conversation is held again.
 */
async function answerOf(port: number, one: ProtocolCase): Promise<string> {
  await flush(port);
  const answer = await converse(port, one);
  if (answer === one.output || !one.output.includes(' la=0 ')) return answer;
  await flush(port);
  return converse(port, one);
}

function isShort({ input }: ProtocolCase): boolean {
  return input.length < 100_000;
}

describeWithMemcached('a controller answers meta commands as memcached does', () => {
  let memcached: Memcached;
  let cluster: Cluster;

  beforeAll(async () => {
    memcached = await Memcached.start();
    cluster = await startCluster({ level: 'linearizability' });
  });
  afterAll(async () => {
    await cluster?.stop();
    await memcached?.stop();
  });

  const titled = (cases: readonly ProtocolCase[]) =>
    cases.map((one) => [JSON.stringify(one.input.slice(0, 60)), one] as const);

  it.each(titled(META_CASES))('%s', async (_, one) => {
    // The memcacheds of tests take larger items than the longest inputs expect.
    const ports = isShort(one) ? [memcached.port, cluster.ports[0]!] : [cluster.ports[0]!];
    await Promise.all(
      ports.map(async (port) => expect(await answerOf(port, one), `on ${port}`).toBe(one.output)),
    );
  });

  it.each(titled(NEWER_CASES))('beyond memcached 1.6.18: %s', async (_, one) => {
    expect(await answerOf(cluster.ports[1]!, one)).toBe(one.output);
  });
});

/** Repeats the request until the client has won the right to recache, or has seen that another client did. */
function race(client: TextClient, request: string): Promise<'won' | 'lost'> {
  return eventually(async () => {
    const answer = await client.ask(`${request}\r\n`);
    if (/ W$/.test(answer)) return 'won';
    if (/ Z( |$)/.test(answer)) return 'lost';
    throw new Error(`no client has won: ${answer}`);
  });
}

/** The token in an answer like `HD c123`. */
function tokenIn(answer: string): string {
  const token = / c(\d+)/.exec(answer)?.[1];
  if (token === undefined) throw new Error(`no token in "${answer}"`);
  return token;
}

/** The cluster at an ordered level, and a client of each controller. */
let ordered: Cluster;
let clients: readonly TextClient[];

describeWithMemcached('meta commands across the cluster', () => {
  describe.each(['linearizability', 'sequential'])('%s', (level) => {
    beforeAll(async () => {
      ordered = await startCluster({ level });
      clients = await ordered.clients();
    });
    afterAll(() => ordered?.stop());

    raceTests();
    tokenTests();
  });

  it('eventual: let one client of a controller win, and the other controllers learn of it', async () => {
    await using cluster = await startCluster({ level: 'eventual' });
    const [a, b, c] = (await cluster.clients()) as [TextClient, TextClient, TextClient];
    const same = await cluster.client(0);
    const results = await Promise.all([a, same].map((client) => race(client, 'mg made N60')));
    expect(results.sort()).toEqual(['lost', 'won']);
    for (const client of [b, c]) {
      await eventually(async () => expect(await client.ask('mg made s\r\n')).toBe('HD s0 Z'));
    }
    expect(await b.ask('ms made 1 E77\r\nx\r\n')).toBe('HD');
    await eventually(async () => expect(await c.ask('mg made c\r\n')).toBe('HD c77'));
  });
});

const ROUNDS = 25;

function raceTests(): void {
  it.each([
    ['is missing', [], 'N60 t'],
    ['is about to expire', ['T20'], 'R30'],
    ['is out of date', ['T60', 'md'], 's'],
  ] as const)('let one of three clients win an entry that %s', async (_, preparation, flags) => {
    for (let round = 0; round < ROUNDS; round++) {
      const key = `${preparation.join('-')}-${round}`;
      const [ttl, invalidation] = preparation;
      if (ttl !== undefined) expect(await clients[round % 3]!.ask(`ms ${key} 0 ${ttl}\r\n\r\n`)).toBe('HD');
      if (invalidation !== undefined) expect(await clients[0]!.ask(`md ${key} I\r\n`)).toBe('HD');
      const request = `mg ${key} ${flags}`;
      const results = await Promise.all(clients.map((client) => race(client, request)));
      expect(results.sort(), key).toEqual(['lost', 'lost', 'won']);
    }
  });
}

function tokenTests(): void {
  it('accept a token of one controller on the others, once', async () => {
    const [a, b, c] = clients as readonly [TextClient, TextClient, TextClient];
    const token = tokenIn(await a.ask('ms token 1 c\r\n1\r\n'));
    const answers = await Promise.all(clients.map((client) => client.ask(`ms token 1 C${token}\r\n2\r\n`)));
    expect(answers.sort()).toEqual(['EX', 'EX', 'HD']);
    expect(await b.ask(`md token C${token}\r\n`)).toBe('EX');
    expect(await c.ask(`ma token C${token}\r\n`)).toBe('EX');
  });

  it('compare a token that a client has set on every controller', async () => {
    const [a, b, c] = clients as readonly [TextClient, TextClient, TextClient];
    expect(await a.ask('ms chosen 1 E1000 c\r\n1\r\n')).toBe('HD c1000');
    expect(await b.ask('ma chosen C1000 E2000 c\r\n')).toBe('HD c2000');
    expect(await c.ask('ms chosen 1 C1000\r\n5\r\n')).toBe('EX');
    expect(await c.ask('ms chosen 1 C1500 I E3000\r\n5\r\n')).toBe('HD');
    await eventually(async () => expect(await a.ask('mg chosen c s\r\n')).toMatch(/^HD c3000 s1 X W$/));
    await eventually(async () => expect(await b.ask('mg chosen c s\r\n')).toBe('HD c3000 s1 Z X'));
    expect(await c.ask('md chosen C3000 q\r\nmn\r\n')).toBe('MN');
  });

  it('lose no addition', async () => {
    expect(await clients[0]!.ask('ma sum N0 J0 v\r\n')).toBe('VA 1');
    await clients[0]!.takeLine();
    const each = 50;
    await Promise.all(
      clients.flatMap((client) => Array.from({ length: each }, () => client.ask('ma sum D2\r\n'))),
    );
    await clients[1]!.ask('ma sum D0 v\r\n');
    expect(await clients[1]!.takeLine()).toBe(String(3 * each * 2));
  });

  it('answer a quiet pipeline with its failures and its end', async () => {
    const client = clients[2]!;
    client.send(
      'mg none q v\r\nms some 1 q\r\nx\r\nms some 1 q ME O1\r\ny\r\nmd other q O2\r\nmg some q k\r\n',
    );
    expect(await client.ask('mn\r\n')).toBe('NS O1');
    expect(await client.takeLine()).toBe('NF O2');
    expect(await client.takeLine()).toBe('HD ksome');
    expect(await client.takeLine()).toBe('MN');
  });
}
