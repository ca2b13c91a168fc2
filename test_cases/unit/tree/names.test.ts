import { basename } from 'node:path';
import { expect, it } from 'vitest';
import {
  ALL_FILES,
  filesIn,
  isNode,
  nameOf,
  type SourceFile,
  type SyntaxNode,
} from '../../support/source-tree.ts';

/** The names of files and types. */

const TYPE_DECLARATIONS = ['TSInterfaceDeclaration', 'TSTypeAliasDeclaration', 'ClassDeclaration'];

/** The types that the file exports, by name. */
function exportedTypes({ syntax }: SourceFile): string[] {
  return (syntax.body as SyntaxNode[])
    .filter(({ type }) => type === 'ExportNamedDeclaration')
    .map(({ declaration }) => declaration)
    .filter((one) => isNode(one) && TYPE_DECLARATIONS.includes(one.type))
    .map((one) => nameOf((one as SyntaxNode).id)!);
}

it('files have names in kebab case', () => {
  const misnamed = ALL_FILES.filter(({ path }) => !/^[a-z0-9]+([-.][a-z0-9]+)*\.ts$/.test(basename(path)));
  expect(misnamed.map(({ path }) => path)).toEqual([]);
});

it('nothing is left over', () => {
  const wrong = filesIn('src').filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

it('no two exported types share a name', () => {
  const files = new Map<string, string[]>();
  for (const file of filesIn('src'))
    for (const name of exportedTypes(file)) files.set(name, [...(files.get(name) ?? []), file.path]);
  expect(files.size).toBeGreaterThan(200);
  const shared = [...files].filter(([, paths]) => paths.length > 1);
  expect(shared.map(([name, paths]) => `${name}: ${paths.join(', ')}`)).toEqual([]);
});
