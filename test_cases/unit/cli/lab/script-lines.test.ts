import { expect, it } from 'vitest';
import { LINE_BYTES_MAX, scriptLines } from '../../../../src/cli/lab/script/script-lines.ts';

async function linesOf(...chunks: readonly string[]): Promise<(string | null)[]> {
  async function* input(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk, 'utf8');
  }
  const lines: (string | null)[] = [];
  for await (const line of scriptLines(input())) lines.push(line);
  return lines;
}

it('lines are put together from chunks, and the last one need not be ended', async () => {
  expect(await linesOf('get 9', ' x\n\nput', ' 9 x 1')).toEqual(['get 9 x', '', 'put 9 x 1']);
  expect(await linesOf('a\r\nb\n')).toEqual(['a\r', 'b']);
  expect(await linesOf()).toEqual([]);
});

it('no byte is lost', async () => {
  const [line] = await linesOf('é');
  expect(Buffer.from(line!, 'latin1').toString('utf8')).toBe('é');
});

it('a line that is too long is refused once, however it arrives, and the next one is read', async () => {
  const long = 'x'.repeat(LINE_BYTES_MAX + 1);
  expect(await linesOf(`${long}\nafter\n`)).toEqual([null, 'after']);
  expect(await linesOf(...`${long}${long}\nafter`.match(/.{1,1000}/gs)!)).toEqual([null, 'after']);
  expect(await linesOf('before\n', long)).toEqual(['before', null]);
  expect(await linesOf(`${'x'.repeat(LINE_BYTES_MAX)}\n`)).toEqual(['x'.repeat(LINE_BYTES_MAX)]);
});
