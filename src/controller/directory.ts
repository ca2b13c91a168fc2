import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a directory and those above it. Not with `recursive`: Node's own never returns, and takes all memory,
 * where a file system such as /proc answers ENOENT although the directory above is there.
 */
export function ensureDirectory(path: string): void {
  if (existsSync(path)) return;
  ensureDirectory(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    const madeMeanwhile = (error as NodeJS.ErrnoException).code === 'EEXIST';
    if (!madeMeanwhile) throw error;
  }
}
