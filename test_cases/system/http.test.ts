import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { TestEventSource } from '../support/event-source.ts';
import { eventually } from '../support/eventually.ts';
import { describeWith, run, succeeds } from '../support/programs.ts';
import { RawHttp } from '../support/raw-http.ts';

/** HTTP as a user meets it: `curl` in front of three controllers, some of which are killed. */
describeWith('curl', succeeds('curl', ['--version']), () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ level: 'linearizability', store: 'custom' });
  });
  afterAll(() => cluster?.stop());

  const urlOf = (id: number, path: string) => `http://127.0.0.1:${cluster.ports[id]}${path}`;

  /**
   * Asks again after 503, which says that nothing was done: on a busy machine a controller may be out of the view.
   *
   * @returns the status, a space, and the body
   */
  async function curl(id: number, path: string, ...words: string[]): Promise<string> {
    for (;;) {
      const { printed } = await run('curl', ['-s', '-w', '\n%{http_code}', ...words, urlOf(id, path)]);
      const at = printed.lastIndexOf('\n');
      const answer = `${printed.slice(at + 1).trim()} ${printed.slice(0, at)}`.trim();
      if (!answer.startsWith('503 ')) return answer;
      expect(answer).toContain('"mayHaveHappened":false');
      await sleep(100);
    }
  }

  it('all verbs do the same at every controller, and over the text protocol', async () => {
    expect(await curl(0, '/v1/keys/k', '-X', 'PUT', '--data-binary', 'one')).toBe('204');
    expect(await curl(1, '/v1/keys/k')).toBe('200 one');
    expect(await curl(2, '/v1/keys/k/append', '-X', 'POST', '--data-binary', ', two')).toBe('204');
    const client = await cluster.client(1);
    expect(await client.get('k')).toBe('one, two');
    expect(await client.ask('set n 7 0 2\r\n41\r\n')).toBe('STORED');
    expect(await curl(2, '/v1/keys/n/increment', '-X', 'POST')).toBe('200 {"value":"42"}');
    expect(await curl(0, '/v1/keys/n', '-I')).toMatch(/^200 HTTP\/1.1 200 OK[\s\S]*memchorus-flags: 7\r\n/);
    expect(await curl(1, '/v1/keys/n', '-X', 'PUT', '-H', 'If-None-Match: *', '-d', 'x')).toMatch(/^412 /);
    expect(await curl(1, '/v1/keys/n', '-X', 'DELETE')).toBe('204');
    expect(await client.get('n')).toBeNull();
    expect(await curl(2, '/v1/keys/n')).toMatch(/^404 .*"code":"NOT_FOUND"/);
  });

  it('a body of any bytes comes back as it was, up to the largest that there may be', async () => {
    const file = join(tmpdir(), `memchorus-body-${process.pid}`);
    for (const bytes of [0, 1, 65_537, 1_000_000]) {
      const body = randomBytes(bytes);
      writeFileSync(file, body);
      expect(await curl(0, '/v1/keys/big', '-X', 'PUT', '--data-binary', `@${file}`)).toBe('204');
      expect(await curl(2, '/v1/keys/big', '-o', file)).toBe('200');
      expect(readFileSync(file).equals(body)).toBe(true);
    }
    writeFileSync(file, Buffer.alloc(2_000_000));
    expect(await curl(0, '/v1/keys/big', '-X', 'PUT', '--data-binary', `@${file}`)).toMatch(/^413 /);
  });

  it('a client that closes its side is not kept, whatever it has sent', async () => {
    for (const sent of ['', 'GET /v1/keys/k HT', 'GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n']) {
      using http = await RawHttp.connect(cluster.ports[1]!);
      http.send(sent);
      http.end();
      await http.ended();
    }
    expect(await curl(1, '/v1/keys/k')).toBe('200 one, two');
  });

  it('a page of somebody else may neither read nor write', async () => {
    const foreign = ['-H', 'Origin: http://evil.example'];
    expect(await curl(0, '/v1/keys/k', '-X', 'PUT', '-d', 'stolen', ...foreign)).toMatch(/^403 /);
    expect(await curl(0, '/v1/keys/k', '-H', 'Host: evil.example')).toMatch(/^421 /);
    expect(await curl(0, '/v1/keys/k')).toBe('200 one, two');
  });

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
    for (const i of answered) expect(await curl(1, `/v1/keys/w${i}`)).toBe(`200 ${i}`);
    cluster.start(0);
    await cluster.ready();
    expect(await curl(0, `/v1/keys/w${answered.at(-1)}`)).toBe(`200 ${answered.at(-1)}`);
  });
});
