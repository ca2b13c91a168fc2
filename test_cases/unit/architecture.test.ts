import { describe, expect, it } from 'vitest';
import { PURE_ROOMS } from '../support/rooms.ts';
import { filesIn, type SourceFile, withoutComments } from '../support/source-tree.ts';

/**
 * The rules for rooms, the folders of `src`: which may import which, and which are pure. See `tree/` for the
 * others.
 */

const FILES = filesIn('src');

/**
 * Which rooms a room may import from, besides itself. The peer room stands above replication, since its table of codecs
 * names every message, and each message is declared beside the part that sends it.
 */
const BASE = ['base', 'protocol', 'ordering'];
const MACHINERY = [...BASE, 'placement', 'membership', 'journal', 'store'];
const REPLICATION = [...MACHINERY, 'replication'];
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  checkers: [],
  transport: ['base'],
  protocol: ['base'],
  ordering: ['base'],
  placement: ['base'],
  membership: ['base', 'ordering', 'placement'],
  journal: ['base', 'ordering', 'placement', 'membership'],
  store: BASE,
  replication: MACHINERY,
  consistency: REPLICATION,
  peer: REPLICATION,
  http: [...REPLICATION, 'consistency', 'peer'],
  dialects: [...BASE, 'http'],
  controller: [...REPLICATION, 'consistency', 'peer', 'transport', 'http'],
  cli: [...REPLICATION, 'consistency', 'peer', 'transport', 'controller', 'checkers', 'dialects'],
};

/** The same code runs in a controller and in a simulation: clock, randomness, sockets and files come from outside. */
const PURE_FILES = ['src/controller/core.ts'];

/** All that a pure file may import from outside the tree. */
const PURE_BUILTINS: readonly string[] = ['node:buffer'];
/** Sockets of controllers, clients and memcached; and the command line's own. */
const SOCKET_ROOMS: readonly string[] = ['transport', 'cli'];

const IMPURE_NAMES =
  /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|process\.hrtime|setTimeout|setInterval|setImmediate|queueMicrotask|process\.nextTick)\b/;

/** The room of a path in `src`; null for a path outside of it, and for a package. */
function roomOf(path: string | null): string | null {
  return path?.startsWith('src/') ? path.split('/')[1]! : null;
}

function isPure({ path }: SourceFile): boolean {
  return PURE_ROOMS.includes(roomOf(path)!) || PURE_FILES.includes(path);
}

/** What the file uses from outside of `src` when it runs. */
function outsideOf({ imports }: SourceFile): string[] {
  return imports
    .filter(({ target, typeOnly }) => roomOf(target) === null && !typeOnly)
    .map(({ from }) => from);
}

describe('the rooms', () => {
  it('are all in the table of arrows', () => {
    const rooms = new Set(FILES.map(({ path }) => roomOf(path)!));
    expect([...rooms].sort()).toEqual(Object.keys(ARROWS).sort());
  });

  it('have arrows between them that run downwards only', () => {
    const wrong = FILES.flatMap(({ path, imports }) => {
      const room = roomOf(path)!;
      const allowed = [room, ...(ARROWS[room] ?? [])];
      const targets = imports.filter(({ target }) => roomOf(target) !== null).map(({ target }) => target!);
      return targets
        .filter((target) => !allowed.includes(roomOf(target)!))
        .map((target) => `${path} → ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('make sockets in one place, beside those of the command line', () => {
    const elsewhere = FILES.filter(
      ({ path }) => roomOf(path) !== null && !SOCKET_ROOMS.includes(roomOf(path)!),
    );
    const wrong = elsewhere.filter(({ imports }) =>
      imports.some(({ from }) => /^node:(net|tls|dgram)$/.test(from)),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('do no I/O where they are pure, and ask there for no time and no chance', () => {
    const wrong = FILES.filter(isPure).flatMap((file) => {
      const impure = outsideOf(file).filter((from) => !PURE_BUILTINS.includes(from));
      const name = IMPURE_NAMES.exec(withoutComments(file.text))?.[0];
      return [...impure, ...(name === undefined ? [] : [name])].map((what) => `${file.path}: ${what}`);
    });
    expect(wrong).toEqual([]);
  });

  it('get from pure files to nothing that does I/O', () => {
    const byPath = new Map(FILES.map((file) => [file.path, file]));
    const reached = new Set(FILES.filter(isPure));
    for (const { imports } of reached) {
      const running = imports.filter(({ target, typeOnly }) => roomOf(target) !== null && !typeOnly);
      for (const { target } of running) reached.add(byPath.get(target!)!);
    }
    const isImpure = (from: string) => from.startsWith('node:') && !PURE_BUILTINS.includes(from);
    expect([...reached].filter((file) => outsideOf(file).some(isImpure)).map(({ path }) => path)).toEqual([]);
  });
});
