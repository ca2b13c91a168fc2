import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensureDirectory } from '../../controller/directory.ts';

/** Lines that are kept; the oldest go first. */
export const HISTORY_LINES_MAX = 500;

/** A longer line, such as a pasted value, is not worth keeping, in characters. */
const HISTORY_LINE_LENGTH_MAX = 2000;

/** @returns the lines of earlier runs, newest first, as `node:readline` wants them */
export function loadHistory(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines
      .filter((line) => line !== '')
      .slice(-HISTORY_LINES_MAX)
      .reverse();
  } catch {
    return [];
  }
}

/**
 * Replaces the file as a whole, so that an interrupted write leaves the old one. Readable by its owner only:
 * values stand in it. A history that cannot be kept, on a read-only disk for instance, is no reason to complain.
 *
 * @param lines newest first
 */
export function saveHistory(file: string, lines: readonly string[]): void {
  const kept = lines.filter((line) => line.length <= HISTORY_LINE_LENGTH_MAX).slice(0, HISTORY_LINES_MAX);
  const unfinished = `${file}.${process.pid}`;
  try {
    ensureDirectory(dirname(file));
    writeFileSync(
      unfinished,
      kept
        .reverse()
        .map((line) => `${line}\n`)
        .join(''),
      { mode: 0o600 },
    );
    renameSync(unfinished, file);
  } catch {
    return;
  }
}
