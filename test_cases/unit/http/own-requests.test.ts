import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authorities } from '../../../src/http/authorities.ts';
import { LocalControllers } from '../../support/local-controllers.ts';
import { RawHttp } from '../../support/raw-http.ts';

const ADDRESSES = [
  { id: 0, host: '127.0.0.1', port: 8000, httpPort: 9000 },
  { id: 1, host: '127.0.0.1', port: 8001, httpPort: 9001 },
  { id: 2, host: 'cache-2.internal', port: 8000, httpPort: 0 },
];

describe('the names of a cluster', () => {
  const authorities = new Authorities(ADDRESSES, ['Cache.Example.org']);

  it.each([
    ['127.0.0.1:8000', true],
    ['10.1.2.3', true],
    ['[::1]:8000', true],
    ['localhost:1', true],
    ['LOCALHOST', true],
    ['cache-2.internal:8000', true],
    ['cache.example.org', true],
    ['evil.example', false],
    ['127.0.0.1.evil.example:8000', false],
    ['localhost.evil.example', false],
    ['127.0.0.1:8000:9', false],
    ['user@localhost', false],
    ['localhost/x', false],
    ['', false],
    [undefined, false],
  ])('as Host, %j: %s', (host, isOwn) => {
    expect(authorities.isOwnHost(host)).toBe(isOwn);
  });

  it.each([
    ['http://127.0.0.1:8000', true],
    ['http://127.0.0.1:8001', true],
    ['http://localhost:8001', true],
    ['http://[::1]:9000', true],
    ['http://127.0.0.1:9001', true],
    ['https://127.0.0.1:8000', true],
    ['http://cache-2.internal:8000', true],
    ['http://cache.example.org:8001', true],
    ['http://other.example:3000', true],
    ['http://localhost:3000', false],
    ['http://localhost', false],
    ['http://6.6.6.6:8000', false],
    ['http://evil.example', false],
    ['null', false],
    ['file://', false],
  ])('as Origin, %j: %s', (origin, isOwn) => {
    // A request behind a proxy: its origin and its host are the same, whatever they are.
    expect(authorities.isOwnOrigin(origin, 'other.example:3000')).toBe(isOwn);
  });
});

describe('requests that a page of somebody else makes a browser send', () => {
  let cluster: LocalControllers;
  beforeAll(async () => {
    cluster = await LocalControllers.start(1);
  });
  afterAll(() => cluster.stop());

  const ask = (...headers: readonly string[]) =>
    RawHttp.ask(cluster.port, `GET /healthz HTTP/1.1\r\n${headers.map((one) => `${one}\r\n`).join('')}\r\n`);
  const codeOf = (body: Buffer) => JSON.parse(body.toString()).code as string;

  it('are refused by a Host that is not of the cluster', async () => {
    const answer = await ask('Host: evil.example:8000');
    expect([answer.status, codeOf(answer.body)]).toEqual([421, 'HOST_UNKNOWN']);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('are refused by a foreign Origin', async () => {
    for (const origin of ['http://evil.example', 'null']) {
      const answer = await ask('Host: localhost', `Origin: ${origin}`);
      expect([answer.status, codeOf(answer.body)]).toEqual([403, 'ORIGIN_FOREIGN']);
    }
    expect((await ask('Host: localhost', `Origin: http://127.0.0.1:${cluster.port}`)).status).toBe(200);
  });

  it('are refused where the browser names no origin, unless somebody follows a link', async () => {
    const foreign = ['Host: localhost', 'Sec-Fetch-Site: cross-site'];
    expect((await ask(...foreign, 'Sec-Fetch-Mode: no-cors')).status).toBe(403);
    expect((await ask(...foreign, 'Sec-Fetch-Mode: navigate')).status).toBe(200);
    expect((await ask('Host: localhost', 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Mode: cors')).status).toBe(
      200,
    );
  });
});
