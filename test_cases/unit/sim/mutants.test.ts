import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { anchorsOf, applied, type Change, changeOf } from '../../../scripts/mutants/anchor.ts';
import { anchorFiles } from '../../../scripts/mutants/code-copy.ts';
import type { Edit } from '../../sim/mutants/mutant.ts';
import { MUTANTS } from '../../sim/mutants/table.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** The code with one edit under its only anchor. */
function edited(code: string, edit: Edit): string {
  return applied(code, [changeOf(code, [...anchorsOf(code).values()][0]!, edit)]);
}

describe('an edit', () => {
  const after = (code: string, edit: Edit): string =>
    edited(`// mutant: here\n${code}`, edit).replace('// mutant: here\n', '');

  it('drops a statement, however many lines it has', () => {
    expect(after('if (a)\n  b({\n    c,\n  });\nd();', 'drop')).toBe(';\nd();');
  });
  it('replaces a statement, or puts another one beside it', () => {
    expect(after('a();', { statement: 'b();' })).toBe('{ b(); }');
    expect(after('if (x) a();', { statement: 'b(); $' })).toBe('{ b(); if (x) a(); }');
    expect(after('const x = 1;', { statement: '$ b();' })).toBe('const x = 1; b();');
  });
  it('replaces the condition of an if, also behind else', () => {
    expect(after('if (a &&\n  b) c();', { test: 'false' })).toBe('if ((false)) c();');
    const behindElse = 'if (a) b();\n// mutant: here\nelse if (c) d();';
    expect(edited(behindElse, { test: '!$' })).toBe('if (a) b();\n// mutant: here\nelse if ((!c)) d();');
  });
  it('replaces a value wherever it goes', () => {
    expect(after('const x = f(1);', { value: '$ + 1' })).toBe('const x = (f(1) + 1);');
    expect(after('this.x = f(1);', { value: '0' })).toBe('this.x = (0);');
    expect(edited('f({\n// mutant: here\n  x: g(),\n});', { value: '[]' })).toContain('x: ([]),');
    expect(edited('() => {\n// mutant: here\n  return x;\n}', { value: 'y' })).toContain('return (y);');
    expect(edited('z = x &&\n  // mutant: here\n  y.z();', { value: 'false' })).toContain('  (false);');
  });
  it('replaces the function that is called', () => {
    expect(after('a.b((x) => {\n  x();\n});', { callee: 'c' })).toBe('(c)((x) => {\n  x();\n});');
  });
  it('is refused where it does not fit, or changes nothing', () => {
    expect(() => after('a();', { test: 'true' })).toThrow('ExpressionStatement has no test');
    expect(() => after('return;', { value: '1' })).toThrow();
    expect(() => after('a = b;', { callee: 'c' })).toThrow('has no callee');
    expect(() => edited('f({\n// mutant: here\n  x: 1 })', 'drop')).toThrow('no statement: Property');
    expect(() => edited('a();\n// mutant: here\n', 'drop')).toThrow('no code follows');
    expect(() => after(';', 'drop')).toThrow('changes nothing');
  });
});

it('an anchor is there only once', () => {
  expect(() => anchorsOf('  // mutant: a\nx();\n// mutant: a\ny();')).toThrow('the anchor a is there twice');
});

describe('the table of mutants', () => {
  const files = anchorFiles(ROOT);
  const codeOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
  const changes = new Map<string, Change[]>();

  it.each(MUTANTS)('finds its anchor and changes the code: $anchor', ({ anchor, edit }) => {
    const file = files.get(anchor)!;
    expect(file).toBeDefined();
    const change = changeOf(codeOf(file), anchorsOf(codeOf(file)).get(anchor)!, edit);
    changes.set(file, [...(changes.get(file) ?? []), change]);
  });

  it('names tests that there are', () => {
    for (const mutant of MUTANTS) {
      if (!('test' in mutant)) continue;
      const text = readFileSync(join(ROOT, 'test_cases/sim', mutant.test.file), 'utf8');
      const titles = [...text.matchAll(/\('([^'\n]+)', (?:async )?\(/g)].map(([, title]) => title!);
      const isNamed = (title: string): boolean =>
        title.endsWith('%s')
          ? mutant.test.name.includes(title.slice(0, -2))
          : mutant.test.name.endsWith(title);
      expect(titles.filter(isNamed), mutant.test.name).not.toEqual([]);
    }
  });

  it('has one mutant for each anchor in src/', () => {
    expect([...files.keys()].toSorted()).toEqual(MUTANTS.map(({ anchor }) => anchor).toSorted());
  });

  it('makes mistakes that the compiler accepts, so that it is a checker that notices them', () => {
    const copy = mkdtempSync(join(tmpdir(), 'memchorus-mutated-'));
    try {
      for (const path of ['src', 'package.json'])
        cpSync(join(ROOT, path), join(copy, path), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
      for (const [file, all] of changes) writeFileSync(join(copy, file), applied(codeOf(file), all));
      const compilerOptions = {
        noUnusedLocals: false,
        noUnusedParameters: false,
        allowUnreachableCode: true,
      };
      const config = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['src'] };
      writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify(config));
      execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['--noEmit'], { cwd: copy, encoding: 'utf8' });
    } catch (error) {
      expect.fail((error as { stdout?: string }).stdout ?? String(error));
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});
