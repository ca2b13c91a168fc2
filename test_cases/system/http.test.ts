import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { curl } from '../support/curl.ts';
import { describeWith, succeeds } from '../support/programs.ts';
import { RawHttp } from '../support/raw-http.ts';

/** HTTP as a user meets it: `curl` in front of three controllers. */
describeWith('curl', succeeds('curl', ['--version']), () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ level: 'linearizability', store: 'custom' });
  });
  afterAll(() => cluster?.stop());

  const asked = (id: number, path: string, ...words: string[]) =>
    curl(`http://127.0.0.1:${cluster.ports[id]}${path}`, ...words);

  it('all verbs do the same at every controller, and over the text protocol', async () => {
    expect(await asked(0, '/v1/keys/k', '-X', 'PUT', '--data-binary', 'one')).toBe('204');
    expect(await asked(1, '/v1/keys/k')).toBe('200 one');
    expect(await asked(2, '/v1/keys/k/append', '-X', 'POST', '--data-binary', ', two')).toBe('204');
    const client = await cluster.client(1);
    expect(await client.get('k')).toBe('one, two');
    expect(await client.ask('set n 7 0 2\r\n41\r\n')).toBe('STORED');
    expect(await asked(2, '/v1/keys/n/increment', '-X', 'POST')).toBe('200 {"value":"42"}');
    expect(await asked(0, '/v1/keys/n', '-I')).toMatch(/^200 HTTP\/1.1 200 OK[\s\S]*memchorus-flags: 7\r\n/);
    expect(await asked(1, '/v1/keys/n', '-X', 'PUT', '-H', 'If-None-Match: *', '-d', 'x')).toMatch(/^412 /);
    expect(await asked(1, '/v1/keys/n', '-X', 'DELETE')).toBe('204');
    expect(await client.get('n')).toBeNull();
    expect(await asked(2, '/v1/keys/n')).toMatch(/^404 .*"code":"NOT_FOUND"/);
  });

  it('a body of any bytes comes back as it was, up to the largest that there may be', async () => {
    const file = join(tmpdir(), `memchorus-body-${process.pid}`);
    for (const bytes of [0, 1, 65_537, 1_000_000]) {
      const body = randomBytes(bytes);
      writeFileSync(file, body);
      expect(await asked(0, '/v1/keys/big', '-X', 'PUT', '--data-binary', `@${file}`)).toBe('204');
      expect(await asked(2, '/v1/keys/big', '-o', file)).toBe('200');
      expect(readFileSync(file).equals(body)).toBe(true);
    }
    writeFileSync(file, Buffer.alloc(2_000_000));
    expect(await asked(0, '/v1/keys/big', '-X', 'PUT', '--data-binary', `@${file}`)).toMatch(/^413 /);
  });

  it('a client that closes its side is not kept, whatever it has sent', async () => {
    for (const sent of ['', 'GET /v1/keys/k HT', 'GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n']) {
      using http = await RawHttp.connect(cluster.ports[1]!);
      http.send(sent);
      http.end();
      await http.ended();
    }
    expect(await asked(1, '/v1/keys/k')).toBe('200 one, two');
  });

  it('a page of somebody else may neither read nor write', async () => {
    const foreign = ['-H', 'Origin: http://evil.example'];
    expect(await asked(0, '/v1/keys/k', '-X', 'PUT', '-d', 'stolen', ...foreign)).toMatch(/^403 /);
    expect(await asked(0, '/v1/keys/k', '-H', 'Host: evil.example')).toMatch(/^421 /);
    expect(await asked(0, '/v1/keys/k')).toBe('200 one, two');
  });
});
