import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** The rules that the tree keeps by agreement, read off its text: rooms, arrows, purity, size, names. */

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

interface Import {
  /** As written: `node:net`, `../ordering/version.ts`. */
  readonly from: string;
  readonly typeOnly: boolean;
}

interface SourceFile {
  /** Within `src`, with slashes. */
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/**
 * Which rooms a room may import from, besides itself. The peer room stands above replication, since its table of codecs
 * names every message, and each message is declared beside the part that sends it.
 */
const BASE = ['base', 'protocol', 'ordering'];
const MACHINERY = [...BASE, 'placement', 'membership', 'journal', 'store'];
const REPLICATION = [...MACHINERY, 'replication'];
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  protocol: ['base'],
  ordering: ['base'],
  placement: ['base'],
  membership: ['base', 'ordering'],
  journal: ['base', 'ordering', 'membership'],
  store: BASE,
  replication: MACHINERY,
  consistency: REPLICATION,
  peer: REPLICATION,
  controller: [...REPLICATION, 'consistency', 'peer'],
  cli: [...REPLICATION, 'consistency', 'peer', 'controller'],
};

/** The same code runs in a controller and in a simulation: clock, randomness, sockets and files come from outside. */
const PURE_ROOMS = ['base', 'protocol', 'ordering', 'membership', 'replication', 'consistency', 'placement'];
const PURE_FILES = ['controller/core.ts'];

/** All that a pure file may import from outside the tree. */
const PURE_BUILTINS: readonly string[] = ['node:buffer'];
const IMPURE_NAMES =
  /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|process\.hrtime|setTimeout|setInterval|setImmediate|queueMicrotask|process\.nextTick)\b/;

const LINES_MAX = 400;

const FILES: readonly SourceFile[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => path.replaceAll('\\', '/'))
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8');
    return { path, room: roomOf(path), text, imports: importsOf(text) };
  });

function roomOf(path: string): string {
  return path.split('/')[0]!;
}

/** An import of nothing but types leaves no trace when the file runs. */
function importsOf(text: string): Import[] {
  const statements = text.matchAll(
    /^(?:import|export)\s+(type\s+)?(?:([^;'"]*?)\s+from\s+)?['"]([^'"]+)['"]/gm,
  );
  const dynamic = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g);
  return [
    ...[...statements].map(([, type, names, from]) => ({
      from: from!,
      typeOnly: type !== undefined || onlyTypes(names),
    })),
    ...[...dynamic].map(([, from]) => ({ from: from!, typeOnly: false })),
  ];
}

function onlyTypes(names: string | undefined): boolean {
  const listed = names?.match(/^\{([^}]*)\}$/s)?.[1];
  if (listed === undefined) return false;
  const each = listed.split(',').map((name) => name.trim());
  return each.every((name) => name === '' || name.startsWith('type '));
}

/** The file within `src` that is imported; null for what comes from outside. */
function target(file: SourceFile, { from }: Import): string | null {
  if (!from.startsWith('.')) return null;
  const path = relative(SRC, join(SRC, dirname(file.path), from)).replaceAll('\\', '/');
  return path.startsWith('..') ? null : path;
}

function isPure({ room, path }: SourceFile): boolean {
  return PURE_ROOMS.includes(room) || PURE_FILES.includes(path);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');
}

/** A round of imports that comes back to where it began, as paths; null when there is none. */
function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const next of edges.get(path) ?? []) {
      const cycle = walk(next, [...trail, path]);
      if (cycle !== null) return cycle;
    }
    done.add(path);
    return null;
  };
  for (const path of edges.keys()) {
    const cycle = walk(path, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

describe('the tree', () => {
  it('is read at all', () => {
    expect(FILES.length).toBeGreaterThan(50);
    expect(FILES.flatMap((file) => file.imports).length).toBeGreaterThan(100);
    expect(new Set(FILES.map((file) => file.room)).size).toBeGreaterThanOrEqual(10);
  });

  it('has arrows between its rooms that run downwards only', () => {
    const wrong = FILES.flatMap((file) => {
      const allowed = [file.room, ...(ARROWS[file.room] ?? [])];
      const targets = file.imports.map((one) => target(file, one)).filter((path) => path !== null);
      return targets
        .filter((path) => !allowed.includes(roomOf(path)))
        .map((path) => `${file.path} → ${path}`);
    });
    expect(wrong).toEqual([]);
  });

  it('has no room that the table of arrows does not know', () => {
    expect(FILES.filter((file) => !(file.room in ARROWS)).map((file) => file.path)).toEqual([]);
  });

  it('has no circle of imports between files', () => {
    const edges = new Map(
      FILES.map((file) => {
        const running = file.imports.filter((one) => !one.typeOnly);
        return [file.path, running.map((one) => target(file, one)).filter((path) => path !== null)];
      }),
    );
    expect(findCycle(edges)).toBeNull();
  });

  it('does no I/O in its pure rooms, and asks there for no time and no chance', () => {
    const wrong = FILES.filter(isPure).flatMap((file) => {
      const outside = file.imports.filter((one) => target(file, one) === null && !one.typeOnly);
      const impure = outside.map((one) => one.from).filter((from) => !PURE_BUILTINS.includes(from));
      const name = IMPURE_NAMES.exec(withoutComments(file.text))?.[0];
      return [...impure, ...(name === undefined ? [] : [name])].map((what) => `${file.path}: ${what}`);
    });
    expect(wrong).toEqual([]);
  });

  it('gets from its pure files to nothing that does I/O', () => {
    const byPath = new Map(FILES.map((file) => [file.path, file]));
    const reached = new Set(FILES.filter(isPure).map((file) => file.path));
    for (const path of reached) {
      const file = byPath.get(path)!;
      for (const one of file.imports) {
        const next = target(file, one);
        if (next !== null && !one.typeOnly) reached.add(next);
      }
    }
    const wrong = [...reached].filter((path) => {
      const outside = byPath
        .get(path)!
        .imports.filter((one) => one.from.startsWith('node:') && !one.typeOnly);
      return outside.some((one) => !PURE_BUILTINS.includes(one.from));
    });
    expect(wrong).toEqual([]);
  });

  it('has nothing left over', () => {
    const wrong = FILES.filter((file) => /\b(TODO|FIXME|XXX|HACK)\b/.test(file.text));
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  it('has small files, with names in kebab case', () => {
    const large = FILES.filter((file) => file.text.trimEnd().split('\n').length > LINES_MAX);
    expect(large.map((file) => file.path)).toEqual([]);
    const misnamed = FILES.filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(basename(file.path)));
    expect(misnamed.map((file) => file.path)).toEqual([]);
  });

  it('writes out the builtin modules and the endings of its own', () => {
    const wrong = FILES.flatMap((file) =>
      file.imports
        .filter(({ from }) => from.startsWith('.') && !/\.(ts|json)$/.test(from))
        .map(({ from }) => `${file.path}: ${from}`),
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
    const found = importsOf(text).map((one) => `${one.typeOnly ? 'type ' : ''}${one.from}`);
    expect(found).toEqual([
      'type ./a.ts',
      'type ./b.ts',
      './d.ts',
      './f.ts',
      './h.ts',
      './i.ts',
      'node:net',
      './j.ts',
    ]);
  });

  it('finds a circle', () => {
    const edges = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
    ]);
    expect(findCycle(edges)).toEqual(['b', 'c', 'b']);
    expect(findCycle(new Map([['a', ['b']]]))).toBeNull();
  });
});
