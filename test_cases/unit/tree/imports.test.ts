import { describe, expect, it } from 'vitest';
import { ALL_FILES, filesIn, type Import, SourceFile } from '../../support/source-tree.ts';

/** What imports what, in the code, its tests and its tools. */

const SRC = ['src', 'src/checkers'];

/** Which folders may import from a folder's files, besides itself. A checker shares no code with what it checks. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  src: ['src/checkers'],
  'src/checkers': [],
  'test_cases/checkers': ['src/checkers'],
  'test_cases/sim': [...SRC, 'test_cases/checkers', 'test_cases/support'],
  'test_cases/support': [...SRC, 'test_cases/checkers', 'test_cases/sim'],
  test_cases: [...SRC, 'test_cases/checkers', 'test_cases/sim', 'test_cases/support', 'bench', 'scripts'],
  bench: [...SRC, 'test_cases/support'],
  scripts: [...SRC, 'test_cases/sim'],
};

/** The folder of the table that the path belongs to. */
function folderOf(path: string): string {
  const [first, second] = path.split('/');
  const inner = `${first}/${second}`;
  return inner in ARROWS ? inner : first!;
}

/** A round of imports that comes back to where it began, as paths; null when there is none. */
function findCircle(files: readonly Pick<SourceFile, 'path' | 'imports'>[]): string[] | null {
  const edges = new Map(files.map(({ path, imports }) => [path, imports.map(({ target }) => target)]));
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const next of edges.get(path) ?? []) {
      const circle = next === null ? null : walk(next, [...trail, path]);
      if (circle !== null) return circle;
    }
    done.add(path);
    return null;
  };
  for (const path of edges.keys()) {
    const circle = walk(path, []);
    if (circle !== null) return circle;
  }
  return null;
}

describe('imports', () => {
  it('are read at all', () => {
    expect(filesIn('src').length).toBeGreaterThan(50);
    expect(ALL_FILES.flatMap((file) => file.imports).length).toBeGreaterThan(1000);
  });

  it('never go round in a circle, those of types included', () => {
    expect(findCircle(ALL_FILES)).toBeNull();
  });

  it('follow the arrows between the code, its tests and its tools', () => {
    const wrong = ALL_FILES.flatMap(({ path, imports }) => {
      const folder = folderOf(path);
      const allowed = [folder, ...(ARROWS[folder] ?? [])];
      const targets = imports.map(({ target }) => target).filter((target) => target?.endsWith('.ts'));
      return targets.filter((target) => !allowed.includes(folderOf(target!))).map((to) => `${path} → ${to}`);
    });
    expect(wrong).toEqual([]);
  });

  it('write out the endings of files', () => {
    const isWrong = ({ from }: Import) =>
      from.startsWith('.') && !/(\.(ts|json)|\/dashboard\/page\/.*\.js)$/.test(from);
    const wrong = ALL_FILES.flatMap(({ path, imports }) =>
      imports.filter(isWrong).map(({ from }) => `${path}: ${from}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the reader of imports', () => {
  it('tells types from what runs', () => {
    const text = [
      "import type { A } from './a.ts';",
      "import { type B, type C } from './b.ts';",
      "import { type D, e } from './d.ts';",
      "import {\n  f,\n  type G,\n} from './f.ts';",
      "import './h.ts';",
      "export { i } from './i.ts';",
      "const j = await import('./j.ts');",
      "import net from 'node:net';",
    ].join('\n');
    const { imports } = new SourceFile('src/room/file.ts', text);
    expect(imports.map(({ from, typeOnly }) => `${typeOnly ? 'type ' : ''}${from}`)).toEqual([
      'type ./a.ts',
      'type ./b.ts',
      './d.ts',
      './f.ts',
      './h.ts',
      './i.ts',
      'node:net',
      './j.ts',
    ]);
    expect(imports[0]!.target).toBe('src/room/a.ts');
    expect(imports[6]!.target).toBeNull();
  });

  it('finds a circle', () => {
    const file = (path: string, ...targets: string[]) => ({
      path,
      imports: targets.map((target) => ({ from: `./${target}`, target, typeOnly: true })),
    });
    expect(findCircle([file('a', 'b'), file('b', 'c'), file('c', 'b')])).toEqual(['b', 'c', 'b']);
    expect(findCircle([file('a', 'b'), file('b')])).toBeNull();
  });
});
