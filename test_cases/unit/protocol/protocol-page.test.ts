import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../../src/protocol/commands.ts';

const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

/** The first word of each text in backticks in the first column of the first table of the page. */
function commandsOfPage(): Set<string> {
  const [table = ''] = /^\| command \|[^\n]*\n(\|[^\n]*\n)+/m.exec(page) ?? [];
  const cells = table.split('\n').map((row) => row.split(' | ')[0] ?? '');
  return new Set(cells.flatMap((cell) => [...cell.matchAll(/`([a-z_]+)[^`]*`/g)].map(([, name]) => name!)));
}

it('docs/protocol.md says for every command where it is carried out', () => {
  const named = commandsOfPage();
  expect(COMMANDS.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
});
