import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from '../../test_cases/sim/mutants.ts';

/** What the simulator runs. */
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

/** Says nothing about what the simulator does: the tables name each mistake's text by themselves. */
const NOT_HASHED = /(\.test|mutants)\.ts$/;

/** Names the code: the same as long as no file differs that the simulator runs. */
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

/** Relative paths, in an order that every machine agrees on. */
function filesUnder(root: string, top: string): string[] {
  if (top.includes('.')) return [top];
  return readdirSync(join(root, top), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

/** A copy of the code in which one mistake at a time is made. */
export class CodeCopy {
  readonly root: string;

  constructor(original: string) {
    this.root = mkdtempSync(join(tmpdir(), 'memchorus-mutant-'));
    for (const path of COPIED) cpSync(join(original, path), join(this.root, path), { recursive: true });
    symlinkSync(join(original, 'node_modules'), join(this.root, 'node_modules'));
  }

  /**
   * Runs something on the code with the mistake.
   *
   * @throws when the text is not there, or is there twice: the table has to follow the code
   */
  async with<T>({ name, file, text, replacement }: Mutant, run: (root: string) => Promise<T>): Promise<T> {
    const path = join(this.root, file);
    const original = readFileSync(path, 'utf8');
    const parts = original.split(text);
    if (parts.length !== 2) throw new Error(`"${name}": ${parts.length - 1} places in ${file} have its text`);
    writeFileSync(path, parts.join(replacement));
    try {
      return await run(this.root);
    } finally {
      writeFileSync(path, original);
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
