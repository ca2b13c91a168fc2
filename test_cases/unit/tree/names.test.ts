import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { ALL_FILES, filesIn } from '../../support/source-tree.ts';

/** The names of files. */

it('files have names in kebab case', () => {
  const misnamed = ALL_FILES.filter(({ path }) => !/^[a-z0-9]+([-.][a-z0-9]+)*\.ts$/.test(basename(path)));
  expect(misnamed.map(({ path }) => path)).toEqual([]);
});

it('nothing is left over', () => {
  const wrong = filesIn('src').filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});
