import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPageFiles } from '../../../src/http/dashboard/page-files.ts';
import { doAgree, HOT_KEYS, KEY_HERE, LARGE_KEYS, REPLICAS } from '../../../src/http/routes/keys-here.ts';
import { ALL_EVENTS } from '../../../src/http/routes/recent-events.ts';
import { ALL_SERIES } from '../../../src/http/routes/series.ts';
import { STATUS_OF_ALL } from '../../../src/http/routes/status.ts';
import { eventually } from '../../support/eventually.ts';
import { LocalControllers } from '../../support/local-controllers.ts';

let cluster: LocalControllers;
beforeAll(async () => {
  cluster = await LocalControllers.start(3, { keyspaces: 'pages=page::eventual' });
});
afterAll(() => cluster.stop());

function ask(path: string, init: RequestInit = {}, id = 0): Promise<Response> {
  return fetch(`http://127.0.0.1:${cluster.ports[id]}${path}`, init);
}

async function jsonOf<Body>(path: string, id = 0): Promise<Body> {
  const response = await ask(path, {}, id);
  expect(response.status).toBe(200);
  return (await response.json()) as Body;
}

async function run(commands: string, controller?: number): Promise<string> {
  const body = JSON.stringify({ commands, controller });
  const headers = { 'content-type': 'application/json' };
  const response = await ask('/v1/console', { method: 'POST', headers, body });
  return ((await response.json()) as { answer: string }).answer;
}

interface Replicas {
  readonly agree: boolean | null;
  readonly replicas: readonly { readonly reason: string; readonly holds: Record<string, unknown> | null }[];
}

describe('the page', () => {
  it('may load and ask nothing but the controllers of the cluster', async () => {
    const response = await ask('/');
    const policy = response.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    const others = cluster.ports.flatMap((port) => [`http://localhost:${port}`, `http://127.0.0.1:${port}`]);
    expect(policy).toContain(`connect-src 'self' ${others.join(' ')};`);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toMatch(/^<!doctype html>/);
  });

  it('names only files that are there, each of them with its type', async () => {
    const page = await (await ask('/')).text();
    const paths = [...page.matchAll(/(?:href|src)="(\/dashboard\/[^"]+)"/g)].map(([, path]) => path!);
    expect(paths.length).toBeGreaterThan(5);
    const types = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
    for (const path of paths) {
      const response = await ask(path);
      expect(response.status, path).toBe(200);
      expect(response.headers.get('content-type')).toContain(types[path.split('.').at(-1) as 'js']);
    }
  });

  it('is sent compressed to those who take that, and not again to those who have it', async () => {
    const plain = await ask('/dashboard/uplot.js', { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    const bytes = Buffer.from(await plain.arrayBuffer());
    const etag = plain.headers.get('etag')!;
    expect(etag).toBe(`"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`);
    const again = await ask('/dashboard/uplot.js', { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
    for (const file of (await readPageFiles()).values()) expect(gunzipSync(file.gzipped)).toEqual(file.bytes);
  });

  it.each(['/dashboard/none.js', '/dashboard/tsconfig.json', '/dashboard/..%2fpage-files.ts', '/dashboard/'])(
    'has no file %s',
    async (path) => {
      expect((await ask(path)).status).toBe(404);
    },
  );

  it('takes at most 190 kB, and at most 72 kB as it is sent; the documentation says how much', async () => {
    const files = [...(await readPageFiles()).values()];
    const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
    const [bytes, sent] = [
      sum(files.map(({ bytes }) => bytes.length)),
      sum(files.map(({ gzipped }) => gzipped.length)),
    ];
    expect(bytes).toBeLessThan(190_000);
    expect(sent).toBeLessThan(72_000);
    const page = readFileSync('docs/dashboard.md', 'utf8');
    const said = /^(\d+) files, (\d+) kB, of which (\d+) kB are sent/m.exec(page)!.slice(1).map(Number);
    expect(said[0]).toBe(files.length);
    expect(Math.abs(said[1]! - bytes / 1000)).toBeLessThan(3);
    expect(Math.abs(said[2]! - sent / 1000)).toBeLessThan(3);
  });
});

describe('pages of other controllers', () => {
  it('may ask this one, and read what it answers', async () => {
    const origin = `http://localhost:${cluster.ports[1]}`;
    const response = await ask('/v1/status', { headers: { origin } });
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('vary')).toContain('origin');
    const preflight = await ask('/v1/console', {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
  });

  it('are told from those of others, which get nothing', async () => {
    const origin = 'http://evil.example';
    for (const method of ['GET', 'OPTIONS']) {
      const response = await ask('/v1/status', { method, headers: { origin } });
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
    const body = JSON.stringify({ commands: 'set evil 0 0 1\r\nx\r\n' });
    const headers = { origin, 'content-type': 'application/json' };
    expect((await ask('/v1/console', { method: 'POST', headers, body })).status).toBe(403);
    expect(await run('get evil\r\n')).toBe('END\r\n');
  });
});

describe('the console', () => {
  it('has the controller that is named carry the commands out', async () => {
    expect(await run('set colour 0 0 4\r\nblue\r\nget colour\r\n')).toBe(
      'STORED\r\nVALUE colour 0 4\r\nblue\r\nEND\r\n',
    );
    expect(await run('who\r\n', 2)).toContain(`CONTROLLER 2 127.0.0.1:${cluster.ports[2]}`);
    expect(await run('get colour\r\n', 1)).toContain('blue');
  });

  it('answers a command that is not complete with nothing, and carries it out nowhere', async () => {
    expect(await run('set half 0 0 100\r\nx\r\n')).toBe('');
    expect(await run('get half\r\n')).toBe('END\r\n');
  });

  it.each([
    [{ commands: 'GET / HTTP/1.1\r\n\r\n' }, 400],
    [{ commands: '\u0080' }, 400],
    [{ commands: '' }, 400],
    [{ commands: 7 }, 400],
    [{}, 400],
    [{ commands: 'version\r\n', controller: 3 }, 400],
    [{ commands: 'version\r\n', controller: -1 }, 400],
  ])('refuses %j', async (body, status) => {
    const headers = { 'content-type': 'application/json' };
    const response = await ask('/v1/console', { method: 'POST', headers, body: JSON.stringify(body) });
    expect(response.status).toBe(status);
  });
});

describe('a key on all replicas', () => {
  it('is shown side by side, with what makes two entries the same', async () => {
    await run('set pair 7 3600 5\r\nhello\r\n');
    // At `sequential` the other controllers may apply the write a moment later.
    await eventually(async () => (await jsonOf<Replicas>('/v1/keys/pair/replicas', 1)).agree);
    const { replicas } = await jsonOf<Replicas>('/v1/keys/pair/replicas', 1);
    const digest = createHash('sha256').update('hello').digest('hex');
    const held = { keyspace: 'default', state: 'entry', valueBytes: 5, flags: 7, digest, valueIn: 'store' };
    for (const { holds, reason } of replicas) {
      expect(reason).toBe('');
      expect(holds).toMatchObject({ ...held, writtenBy: 0 });
      expect(Date.parse(holds!.expiresAt as string)).toBeGreaterThan(Date.now() + 3_000_000);
    }
  });

  it('may be deleted, expired, or unknown', async () => {
    const stateOf = async (key: string) =>
      (await jsonOf<Replicas>(`/v1/keys/${key}/replicas`)).replicas.map(({ holds }) => holds!.state);
    await run('set gone 0 0 1\r\nx\r\n');
    await eventually(async () => (await stateOf('gone')).every((state) => state === 'entry'));
    await run('delete gone\r\nset late 0 1 1\r\nx\r\n');
    expect((await stateOf('gone'))[0]).toBe('deleted');
    await eventually(async () => !(await stateOf('gone')).includes('entry'));
    await eventually(async () => (await stateOf('late')).includes('expired'));
    expect(await stateOf('never')).toEqual(['none', 'none', 'none']);
  });

  it('may have any name', async () => {
    const key = 'page:/a?b=c&d#ü%';
    await run(`set ${key} 0 0 2\r\nhi\r\n`);
    const path = `/v1/keys/${encodeURIComponent(key)}/replicas`;
    await eventually(async () => {
      const { agree, replicas } = await jsonOf<Replicas>(path);
      expect(agree).toBe(true);
      expect(replicas[0]!.holds).toMatchObject({ keyspace: 'pages', level: 'eventual', valueBytes: 2 });
      return true;
    });
  });

  it('does not agree where replicas differ', async () => {
    const held = { state: 'entry', version: '1', expiresAt: null, valueBytes: 1, flags: 0, digest: 'a' };
    const answersOf = (...all: readonly object[]) =>
      all.map((body, controller) => ({ controller, address: '', reason: '', body })) as never;
    expect(doAgree(answersOf(held, held))).toBe(true);
    expect(doAgree(answersOf(held))).toBeNull();
    for (const field of Object.keys(held))
      expect(doAgree(answersOf(held, { ...held, [field]: 'other' }))).toBe(false);
    expect(doAgree(answersOf({ ...held, valueIn: 'store' }, { ...held, valueIn: 'journal' }))).toBe(true);
  });
});

it('hot and large keys are told with names that fit into a URL', async () => {
  for (let round = 0; round < 5; round++)
    await run('set hot%key 0 0 900\r\n'.concat('v'.repeat(900), '\r\nget hot%key\r\n'), round % 3);
  interface Keys {
    readonly keys: readonly {
      readonly key: string;
      readonly valueBytes?: number;
      readonly readsPerSecond?: number;
    }[];
  }
  const hot = await jsonOf<Keys>('/v1/hot-keys');
  expect(hot.keys.find(({ key }) => key === 'hot%25key')!.readsPerSecond).toBeGreaterThan(0);
  await eventually(async () => {
    const large = await jsonOf<Keys>('/v1/large-keys');
    return large.keys[0]!.key === 'hot%25key' && large.keys[0]!.valueBytes === 900;
  });
});

it('the series of all controllers come with the run and the number of the last sample', async () => {
  interface All {
    readonly controllers: readonly {
      readonly series: {
        readonly last: number;
        readonly figures: Record<string, readonly (number | null)[]>;
      };
    }[];
  }
  await eventually(async () => {
    const { controllers } = await jsonOf<All>('/v1/series?seconds=3');
    return controllers.length === 3 && controllers.every(({ series }) => series.last >= 2);
  });
  const { controllers } = await jsonOf<All>('/v1/series?seconds=2');
  for (const { series } of controllers) expect(series.figures.memoryBytes).toHaveLength(2);
  expect((await ask('/v1/series?seconds=601')).status).toBe(400);
});

it('what has happened is told of every controller', async () => {
  interface All {
    readonly controllers: readonly {
      readonly events: readonly { readonly message: string; readonly number: number }[];
    }[];
  }
  const { controllers } = await jsonOf<All>('/v1/recent-events');
  for (const { events } of controllers) {
    expect(events.map(({ message }) => message)).toContain('ready for reads and writes');
    expect(events.map(({ number }) => number)).toEqual(events.map((_, index) => index + 1));
  }
  const now = await jsonOf<All>('/v1/recent-events?ms=0');
  expect(now.controllers.map(({ events }) => events.length)).toEqual([0, 0, 0]);
});

it.each([
  ['/v1/status', STATUS_OF_ALL],
  ['/v1/series?seconds=2', ALL_SERIES],
  ['/v1/recent-events', ALL_EVENTS],
  ['/v1/keys/a/replicas', REPLICAS],
  ['/v1/keys/a/here', KEY_HERE],
  ['/v1/hot-keys', HOT_KEYS],
  ['/v1/large-keys', LARGE_KEYS],
])('the answer to %s has the fields that its schema names, and no others', async (path, schema) => {
  const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);
  expect(validate(await jsonOf(path)) ? [] : validate.errors).toEqual([]);
});

it('a controller that does not answer is named, with the reason', async () => {
  await cluster.stopOne(2);
  try {
    const { controllers } = await jsonOf<{
      controllers: readonly { reason: string; status: object | null }[];
    }>('/v1/status');
    expect(controllers.map(({ status }) => status !== null)).toEqual([true, true, false]);
    expect(controllers[2]!.reason).toBe('it refused the connection');
    const { agree, replicas } = await jsonOf<Replicas>('/v1/keys/pair/replicas');
    expect([agree, replicas[2]!.holds]).toEqual([true, null]);
  } finally {
    await cluster.startOne(2);
  }
});
