import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensureDirectory } from '../../controller/directory.ts';

/** Most lines in the history; the oldest are removed first. */
export const HISTORY_LINES_MAX = 500;

/** A longer line, such as a pasted value, does not go into the history, in characters. */
const HISTORY_LINE_LENGTH_MAX = 2000;

/** @returns the lines of earlier sessions, the newest first, as `node:readline` expects them */
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
 * Replaces the whole file, so that an interrupted write leaves the old one. Only its owner may read it,
 * because it contains values. A history that cannot be written, for instance on a read-only disk, is not
 * reported.
 *
 * @param lines the newest first
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
