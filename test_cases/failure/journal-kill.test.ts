import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { VersionVector } from '../../src/ordering/version-vector.ts';
import { DiskJournals, readValue } from '../support/disk-journals.ts';
import { eventually } from '../support/eventually.ts';

const journals = new DiskJournals();
let child: ChildProcess | null = null;
afterEach(async () => {
  child?.kill('SIGKILL');
  await journals.clean();
});

const PROJECT = resolve(import.meta.dirname, '../..');
const ROUNDS = 15;
const KEYS = 997;

/**
 * Starts a process that writes, and kills it after a while.
 * @returns the number of the last write that was confirmed; 0 if none was
 */
async function writeUntilKilled(dataDir: string, first: number, forMs: number): Promise<number> {
  const script = resolve(PROJECT, 'test_cases/support/journal-writer.ts');
  const writer = spawn(process.execPath, [script, dataDir, `${first}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = writer;
  let printed = '';
  writer.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const ended = once(writer, 'close');
  await eventually(() => expect(printed).toContain('open\n'));
  await expect(journals.open(dataDir)).rejects.toThrow(
    `is in use by process ${writer.pid}: stop that one first`,
  );
  await sleep(forMs);
  writer.kill('SIGKILL');
  await ended;
  const lines = printed.split('\n').slice(1, -1);
  return Number(lines.at(-1) ?? 0);
}

describe('a process that writes its journal and is killed', () => {
  it('locks its directory until then, and leaves a prefix of its writes that has all confirmed ones', async () => {
    const dataDir = journals.dataDir();
    let last = 0;
    let confirmedTotal = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const confirmed = await writeUntilKilled(dataDir, last + 1, 20 + ((round * 37) % 200));
      const opened = await journals.open(dataDir);
      expect(opened.setAside).toBeNull();
      const times = opened.journal.since(VersionVector.zero(3)).map(({ version }) => version.time);
      const newest = times.at(-1) ?? 0;
      expect(newest).toBeGreaterThanOrEqual(Math.max(confirmed, last));
      const count = Math.min(KEYS, newest);
      expect(times).toEqual(Array.from({ length: count }, (_, i) => newest - count + 1 + i));
      expect(opened.recovered.watermarks.applied.time).toBe(newest);
      for (const time of times.filter((_, index) => index % 50 === 0)) {
        const found = await readValue(opened.journal, `key ${time % KEYS}`, { time, node: 0 });
        expect(found?.value?.toString()).toBe(`value ${time} ${'x'.repeat(time % 400)}`);
      }
      confirmedTotal += Math.max(0, confirmed - last);
      last = newest;
      await journals.close(opened);
    }
    expect(confirmedTotal).toBeGreaterThan(100);
  });
});
