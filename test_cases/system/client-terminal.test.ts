import { createServer, type Server } from 'node:net';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, run, succeeds } from '../support/programs.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const TERMINAL = resolve(import.meta.dirname, '../support/typed-terminal.py');

/** What a server answers to a line. It is not a controller of ours, and knows just this. */
const ANSWERS: Readonly<Record<string, string>> = {
  'get user:1': 'VALUE user:1 0 5\r\nhello\r\nEND\r\n',
  'get nobody': 'END\r\n',
  'mg dHdvIHdvcmRz b f v': 'VA 3 f0\r\nxyz\r\n',
  'lru_crawler mgdump all': 'mg user:1\r\nmg other\r\nmg dHdvIHdvcmRz b\r\nEN\r\n',
  'watch fetchers mutations deletions':
    'OK\r\nts=1.000000 gid=1 type=item_get key=seen status=found clsid=1 cfd=9 size=3\n',
};

let server: Server;
let port: number;

/** What a user sees who waits for each text and then types the next one. */
async function typed(steps: readonly (readonly [awaited: string, typed: string])[]): Promise<string> {
  const words = [
    TERMINAL,
    '100',
    JSON.stringify(steps),
    'node',
    resolve(PROJECT, 'main.ts'),
    '-cli',
    '-p',
    `${port}`,
  ];
  const { code, printed } = await run('python3', words);
  expect(code, printed).toBe(0);
  return printed;
}

describeWith('the client at a terminal', succeeds('python3', ['-c', 'import pty']), () => {
  beforeAll(async () => {
    server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk) => {
        for (const line of chunk.toString().split('\r\n').slice(0, -1))
          socket.write(ANSWERS[line] ?? 'ERROR\r\n');
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    port = (server.address() as { port: number }).port;
  });
  afterAll(() => server?.close());

  it('hints, completes keys, explains and leaves as a user expects', async () => {
    const shown = await typed([
      ['> ', 'get us\t'],
      ['er:1 ', '\r'],
      ['hello', ''],
      ['> ', 'get "two\t'],
      ['words" ', '\r'],
      ['xyz', ''],
      ['> ', 'get nobody\r'],
      ['there is no such key', ''],
      ['> ', 'gte x\r'],
      ['there is no command "gte"; did you mean "get"?', ''],
      ['> ', 'monitor\r'],
      ['get seen  found, 3 bytes', '\u0003'],
      ['> ', 'quit\r'],
    ]);
    expect(shown).toContain('sent as: mg dHdvIHdvcmRz b f v');
    expect(shown).toContain('\x1b[90m <key> [<key> …]\x1b[39m');
    expect(shown).toContain('\x1b[33mEND\x1b[39m');
    expect(shown).toContain('\x1b[31mERROR\x1b[39m');
  });
});
