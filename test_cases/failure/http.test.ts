import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { curl } from '../support/curl.ts';
import { TestEventSource } from '../support/event-source.ts';
import { eventually } from '../support/eventually.ts';
import { RawHttp } from '../support/raw-http.ts';

/** HTTP in front of real controllers that are killed, and beside clients that mean no good. */
describe('HTTP of real controllers', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    const settings = { threshold: '30', lease_time: '3', request_timeout: '10', connections_max: '400' };
    cluster = await startCluster({ level: 'linearizability', store: 'custom', settings });
  });
  afterAll(() => cluster?.stop());

  const urlOf = (id: number, path: string) => `http://127.0.0.1:${cluster.ports[id]}${path}`;

  it('a kill of the controller that is asked loses no answered write, and the others tell of it', async () => {
    using events = await TestEventSource.open(urlOf(1, '/v1/events?ms=0'));
    const answered: number[] = [];
    const writing = (async (): Promise<void> => {
      for (let i = 0; ; i++) {
        const { ok } = await fetch(urlOf(0, `/v1/keys/w${i}`), { method: 'PUT', body: `${i}` });
        if (ok) answered.push(i);
      }
    })();
    await eventually(() => answered.length > 20);
    const failed = expect(writing).rejects.toThrow();
    await cluster.kill(0);
    await failed;
    expect((await events.until(({ type }) => type === 'controller')).data.controller).toBe(0);
    for (const i of answered) expect(await curl(urlOf(1, `/v1/keys/w${i}`))).toBe(`200 ${i}`);
    cluster.start(0);
    await cluster.ready();
    expect(await curl(urlOf(0, `/v1/keys/w${answered.at(-1)}`))).toBe(`200 ${answered.at(-1)}`);
  });

  it('300 clients that send their headers byte by byte are ended in time, and delay nobody', async () => {
    const slow = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const http = await RawHttp.connect(cluster.ports[1]!);
        http.send('GET /v1/keys/w0 HTTP/1.1\r\nHost: localhost\r\nX: ');
        return http;
      }),
    );
    try {
      const beganMs = performance.now();
      const client = await cluster.client(1);
      const took: number[] = [];
      while (slow.some((one) => !one.isEnded)) {
        for (const one of slow) if (!one.isEnded) one.send('x');
        const askedMs = performance.now();
        expect(await client.get('w0')).toBe('0');
        expect(await (await fetch(urlOf(1, '/v1/keys/w0'))).text()).toBe('0');
        took.push(performance.now() - askedMs);
        await sleep(50);
      }
      // Their time is 10 s, which is looked at every second.
      expect(performance.now() - beganMs).toBeGreaterThan(9_000);
      expect(performance.now() - beganMs).toBeLessThan(30_000);
      expect(took.toSorted((a, b) => a - b)[took.length >> 1]).toBeLessThan(100);
      for (const one of slow) expect((await one.answer()).status).toBe(408);
    } finally {
      for (const one of slow) one[Symbol.dispose]();
    }
  });

  it('headers and bodies that are too large are refused, and take no memory', async () => {
    const pid = cluster.controllers[2]!.pid;
    await curl(urlOf(2, '/v1/keys/w0'));
    const beforeBytes = residentBytes(pid);
    const head = 'PUT /v1/keys/huge HTTP/1.1\r\nHost: localhost\r\n';
    for (const [request, status] of [
      [`${head}${'X: y\r\n'.repeat(100_000)}\r\n`, 431],
      [`${head}X: ${'y'.repeat(1_000_000)}\r\n\r\n`, 431],
      [`PUT /v1/keys/${'k'.repeat(1_000_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
      [`${head}Content-Length: 100000000000\r\n\r\n${'z'.repeat(100_000)}`, 413],
    ] as const)
      expect((await RawHttp.ask(cluster.ports[2]!, request)).status).toBe(status);
    for (let times = 0; times < 3; times++) await sendWithoutEnd(cluster.ports[2]!, head);
    expect(residentBytes(pid) - beforeBytes).toBeLessThan(100_000_000);
    expect(await curl(urlOf(2, '/v1/keys/huge'))).toMatch(/^404 /);
  });

  it('pages of somebody else can neither read nor write, however they ask', async () => {
    const refused = async (...words: string[]): Promise<string> =>
      (await curl(urlOf(0, '/v1/keys/w0'), ...words)).slice(0, 3);
    for (const host of ['evil.example', 'evil.example:8000', '127.0.0.1.evil.example', 'localhost.evil', ''])
      expect([host, await refused('-H', `Host: ${host}`)]).toEqual([host, '421']);
    for (const origin of ['http://evil.example', 'null', 'file://', 'http://localhost:1', 'http://127.0.0.1'])
      for (const verb of ['GET', 'PUT', 'DELETE'])
        expect([origin, await refused('-X', verb, '-H', `Origin: ${origin}`)]).toEqual([origin, '403']);
    expect(await refused('-X', 'PUT', '-H', 'Sec-Fetch-Site: cross-site')).toBe('403');
    expect(await curl(urlOf(0, '/v1/keys/w0'))).toBe('200 0');
  });
});

/** Memory of a process that is not swapped out, in bytes. */
function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kilobytes) * 1024;
}

/** Sends a body in chunks until the connection is ended, which has to happen before 64 MB. */
async function sendWithoutEnd(port: number, head: string): Promise<void> {
  using http = await RawHttp.connect(port);
  http.send(`${head}Transfer-Encoding: chunked\r\n\r\n`);
  const chunk = `10000\r\n${'z'.repeat(65_536)}\r\n`;
  for (let sent = 0; sent < 1_000 && !http.isEnded; sent++) {
    http.send(chunk);
    await sleep(1);
  }
  expect((await http.answer()).status).toBe(413);
  await http.ended();
}
