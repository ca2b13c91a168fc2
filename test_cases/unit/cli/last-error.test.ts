import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '../../../src');

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus-end-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/**
 * Runs a process that logs two lines and throws in the same turn.
 * @returns its exit status, standard error and log
 */
function endedBy(thrown: string): { status: number | null; stderr: string; log: string } {
  const logFile = join(directory, 'controller-0.log');
  const script = `
    import { InvariantError } from '${SRC}/base/invariant-error.ts';
    import { logLastError } from '${SRC}/cli/process/last-error.ts';
    import { createLogger } from '${SRC}/controller/log/logger.ts';
    const logger = createLogger({
      self: 0, logFile: '${logFile}', logLevel: 'info', logFormat: 'text', logSizeMax: 4096, logFilesMax: 2,
    });
    process.on('uncaughtExceptionMonitor', (error) => logLastError(logger, error));
    setTimeout(() => {
      logger.info('the first line');
      logger.info('the line before it');
      ${thrown};
    }, 1);`;
  const node = [process.execPath, '--input-type=module', '--eval', script] as const;
  const { status, stderr } = spawnSync(node[0], node.slice(1), { encoding: 'utf8' });
  return { status, stderr, log: readFileSync(logFile, 'utf8') };
}

describe('a process that ends by an uncaught error', () => {
  it('logs the invariant that does not hold, with its details', () => {
    const { status, stderr, log } = endedBy(
      "throw new InvariantError('it went back', { last: 7n, next: 5 })",
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain('InvariantError: it went back');
    expect(log).toContain('the line before it');
    expect(log).toMatch(
      /error \[0\] ending: an invariant of this program does not hold \{"invariant":"it went back","last":"7","next":5,"stack":/,
    );
  });

  it('logs any other error, also one that rejects a promise', () => {
    const { log } = endedBy("Promise.reject(new TypeError('not a function'))");
    expect(log).toMatch(/error \[0\] ending: an unexpected error \{"error":"TypeError: not a function\\n/);
  });
});
