import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runInProcess } from '../../../support/lab-run.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus-trace-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const SCRIPT = `joinServer 0
joinServer 1
joinClient 9 0
put 9 x 1
trace
stabilize
get 9 x
trace
trace
`;

it('messages are drawn in the order of time, from lane to lane', async () => {
  const { stdout } = await runInProcess(SCRIPT, { tie: 'lowest' });
  expect(stdout.split('\n')).toEqual([
    '      ms  client 9  server 0',
    '     1.0  ●─────────▶         put x 1',
    '     2.0  ◀─────────●         written, accept time 0',
    'x:1',
    '      ms  client 9  server 0  server 1',
    '     1.0  │         ◀─────────●         sync-request',
    '     1.0  │         ●─────────▶         sync-request',
    '     2.0  │         ◀─────────●         sync-complete',
    '     2.0  │         ●─────────▶         sync-response x',
    '     3.0  │         ◀─────────●         sync-next',
    '     4.0  │         ●─────────▶         sync-complete',
    '     5.0  ●─────────▶         │         get x',
    '     6.0  ◀─────────●         │         1',
    'no messages',
    '',
  ]);
});

it('a picture has every lane and message, and nothing of a value is markup', async () => {
  const file = join(directory, 'trace.svg');
  const script = `joinServer 0\njoinClient 9 0\nput 9 a<b> "&"\nget 9 a<b>\nkillServer 0\ntrace ${file}\n`;
  const { stdout, stderr } = await runInProcess(script, { tie: 'lowest' });
  expect(stderr).toEqual([]);
  expect(stdout).toBe(`a<b>:"&"\n4 messages in ${file}\n`);
  const picture = readFileSync(file, 'utf8');
  expect(picture.match(/marker-end/g)).toHaveLength(4);
  expect(picture).toContain('>put a&lt;b&gt; "&amp;"</text>');
  expect(picture).toContain('>server 0</text>');
  expect(picture).toContain('>client 9</text>');
  const opened = picture.match(/<[a-z]+(?:\s[^>]*[^/])?>/g)!.length;
  expect(picture.match(/<\/[a-z]+>/g)).toHaveLength(opened);
});

it('in a picture an answer begins where its question has arrived', async () => {
  const file = join(directory, 'trace.svg');
  await runInProcess(`joinServer 0\njoinClient 9 0\nput 9 x 1\nget 9 x\ntrace ${file}\n`, { tie: 'lowest' });
  const arrows = [...readFileSync(file, 'utf8').matchAll(/y1="(\d+)" x2="\d+" y2="(\d+)" [^>]*marker-end/g)];
  const ends = arrows.map(([, from, to]) => [Number(from), Number(to)] as const);
  expect(ends).toHaveLength(4);
  expect(ends[1]![0]).toBe(ends[0]![1]);
  expect(ends[3]![0]).toBe(ends[2]![1]);
});

it('no byte of a value commands a terminal, but answers are given to the byte', async () => {
  const script = 'joinServer 0\njoinClient 9 0\nput 9 x \u001b[31m\nget 9 x\nshow 0\ntrace\n';
  const { stdout } = await runInProcess(script, { tie: 'lowest' });
  const [answer, ...shown] = stdout.split('\n');
  expect(answer).toBe('x:\u001b[31m');
  expect(shown.join(' ')).toContain('x:·[31m');
  expect(shown.join(' ')).toContain('put x ·[31m');
  expect(shown.join(' ')).not.toContain('\u001b');
});

it('a picture that cannot be written is an error', async () => {
  const script = `joinServer 0\ntrace picture.png\ntrace ${join(directory, 'none', 'a.svg')}\n`;
  const { stderr } = await runInProcess(`joinServer 0\njoinClient 9 0\nput 9 x 1\n${script}`, {
    tie: 'lowest',
  });
  expect(stderr[1]).toBe('line 5: "picture.png" does not end in .svg');
  expect(stderr[2]).toMatch(/^line 6: the picture cannot be written: ENOENT/);
});
