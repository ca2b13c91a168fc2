import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from '../../test_cases/sim/mutants/mutant.ts';
import { anchorsOf, applied, changeOf } from './anchor.ts';

/** The files that the simulator needs. */
const COPIED = [
  'src',
  'test_cases/package.json',
  'test_cases/sim',
  'test_cases/checkers',
  'test_cases/support',
  'scripts/package.json',
  'scripts/sim.ts',
  'package.json',
];

/**
 * Files that do not change what the simulator does: tests, and the tables, since each result is kept with its mutant.
 */
const NOT_HASHED = /\.test\.ts$|\/sim\/mutants\//;

/** A hash of all files that the simulator runs. */
export function hashOfCode(root: string): string {
  const hash = createHash('sha256');
  for (const path of COPIED.flatMap((top) => filesUnder(root, top))) {
    if (!NOT_HASHED.test(path))
      hash
        .update(`${path}\0`)
        .update(readFileSync(join(root, path)))
        .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/** Relative paths, in the same order on every machine. */
function filesUnder(root: string, top: string): string[] {
  if (top.includes('.')) return [top];
  return readdirSync(join(root, top), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

/** The file of `src/` that has each anchor. @throws when two places have the same one */
export function anchorFiles(root: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const path of filesUnder(root, 'src').filter((file) => file.endsWith('.ts'))) {
    for (const name of anchorsOf(readFileSync(join(root, path), 'utf8')).keys()) {
      if (files.has(name)) throw new Error(`${files.get(name)} and ${path} have the anchor ${name}`);
      files.set(name, path);
    }
  }
  return files;
}

/** A copy of the code in which one mistake at a time is made. */
export class CodeCopy {
  readonly root: string;
  readonly #anchors: ReadonlyMap<string, string>;

  constructor(original: string) {
    this.root = mkdtempSync(join(tmpdir(), 'memchorus-mutant-'));
    for (const path of COPIED) cpSync(join(original, path), join(this.root, path), { recursive: true });
    symlinkSync(join(original, 'node_modules'), join(this.root, 'node_modules'));
    this.#anchors = anchorFiles(this.root);
  }

  /**
   * Runs something on the code with the mistake.
   *
   * @throws when no file has the anchor, or the code under it has no part that the edit is made for
   */
  async with<T>({ anchor, edit }: Mutant, run: (root: string) => Promise<T>): Promise<T> {
    const path = join(this.root, this.#fileOf(anchor));
    const original = readFileSync(path, 'utf8');
    writeFileSync(path, applied(original, [changeOf(original, anchorsOf(original).get(anchor)!, edit)]));
    try {
      return await run(this.root);
    } finally {
      writeFileSync(path, original);
    }
  }

  #fileOf(anchor: string): string {
    const file = this.#anchors.get(anchor);
    if (file === undefined) throw new Error(`no file of src/ has the anchor ${anchor}`);
    return file;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
