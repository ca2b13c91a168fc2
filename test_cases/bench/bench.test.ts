import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compilerVersion } from '../../bench/loader/loader.ts';
import type { Results } from '../../bench/results.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { describeWith } from '../support/programs.ts';

const MAIN = resolve(import.meta.dirname, '../../bench/main.ts');

/** The command lines of all processes of this machine that run in the directory, or name it. */
function processesIn(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
        const isIn = readlinkSync(`/proc/${pid}/cwd`).startsWith(directory) || words.includes(directory);
        return isIn && !words.includes(MAIN) ? [words] : [];
      } catch {
        return [];
      }
    });
}

describeWith('npm run bench, which needs a C compiler', compilerVersion() !== null, () => {
  describeWithMemcached('with memcached', () => {
    let directory: string;

    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'bench-test-'));
    });

    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    const start = (): ChildProcess => {
      const files = ['--directory', directory, '--json', `${directory}.json`, '--page', `${directory}.html`];
      const words = [MAIN, '--only', 'counters', '--rounds', '1', '--seconds', '0.2', ...files];
      return spawn(process.execPath, words, { stdio: 'ignore' });
    };

    it('measures, finds every expected count, writes its files, and leaves nothing behind', async () => {
      try {
        const [code] = await once(start(), 'exit');
        const results = JSON.parse(readFileSync(`${directory}.json`, 'utf8')) as Results;
        expect(results.failures).toEqual([]);
        expect(code).toBe(0);
        const ours = results.cells.find(({ subject }) => subject === 'memchorus linearizability')!;
        expect(ours.rounds[0]!.operations).toBeGreaterThan(0);
        expect(readFileSync(`${directory}.html`, 'utf8')).toContain('</html>');
        expect(readdirSync(directory)).toEqual([]);
        expect(processesIn(directory)).toEqual([]);
      } finally {
        rmSync(`${directory}.json`, { force: true });
        rmSync(`${directory}.html`, { force: true });
      }
    });

    it('leaves nothing behind when it is interrupted', async () => {
      const bench = start();
      const ended = once(bench, 'exit');
      await eventually(() => processesIn(directory).some((words) => words.includes('--id=2')));
      bench.kill('SIGINT');
      const [code] = await ended;
      expect(code).toBe(130);
      expect(readdirSync(directory)).toEqual([]);
      // A process that was killed is listed until its memory is free.
      await eventually(() => expect(processesIn(directory)).toEqual([]));
    });
  });
});
