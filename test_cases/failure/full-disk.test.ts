import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { SetEffect } from '../../src/ordering/effect.ts';
import { VersionVector } from '../../src/ordering/version-vector.ts';
import { DiskJournals, kept, readValue } from '../support/disk-journals.ts';
import { setOf } from '../support/effects.ts';
import { eventually } from '../support/eventually.ts';

const journals = new DiskJournals();
let mounted: string | null = null;
afterEach(async () => {
  await journals.closeAll();
  if (mounted !== null) execFileSync('umount', [mounted]);
  mounted = null;
  await journals.clean();
});

/** Only root may mount a file system of two megabytes. */
const isRoot = process.getuid?.() === 0;

const set = (time: number): SetEffect =>
  setOf(`key ${time}`, { time, node: 0 }, { value: Buffer.alloc(10_000, time) });

/** Writes to the file until the disk is full. */
function fillUp(path: string): void {
  try {
    for (;;) appendFileSync(path, Buffer.alloc(1_024));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  }
}

describe('a full disk', () => {
  it.skipIf(!isRoot)(
    'makes the journal refuse writes, but not reads, until space is free again',
    async () => {
      const parent = journals.dataDir();
      mkdirSync(parent);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', parent]);
      mounted = parent;
      const ballast = join(parent, 'ballast');
      writeFileSync(ballast, Buffer.alloc(1_000_000));

      const dataDir = join(parent, 'data');
      const opened = await journals.open(dataDir);
      const { journal } = opened;
      let confirmed = 0;
      let refused: string | null = null;
      // A compaction that is given up frees space again; the test fills that too, until no space is left.
      const rest = join(parent, 'rest');
      let last = 0;
      for (let refusals = 0; refusals < 3; ) {
        journal.record(set(++last));
        refused = await kept(journal);
        if (refused === null) {
          confirmed = last;
          refusals = 0;
        } else {
          fillUp(rest);
          refusals++;
        }
      }
      expect(refused).toMatch(/ENOSPC/);
      expect(journal.state).toEqual({ writable: false, isTemporary: false, reason: refused });
      expect(confirmed).toBeGreaterThan(10);
      expect((await readValue(journal, 'key 1', { time: 1, node: 0 }))?.value).toEqual(
        Buffer.alloc(10_000, 1),
      );
      expect(await kept(journal)).toMatch(/ENOSPC/);
      expect(journal.figures.backlogBytes).toBeGreaterThan(10_000);

      rmSync(rest);
      rmSync(ballast);
      await eventually(() => expect(journal.state).toEqual({ writable: true }));
      journal.record(set(last + 1));
      expect(await kept(journal)).toBeNull();
      expect(journal.figures.backlogBytes).toBe(0);
      await journals.close(opened);
      const again = await journals.open(dataDir);
      const times = again.journal.since(VersionVector.zero(3)).map(({ version }) => version.time);
      expect(times).toEqual(Array.from({ length: last + 1 }, (_, index) => index + 1));
    },
  );

  it.skipIf(!isRoot)('at the start is reported in one line', async () => {
    const parent = journals.dataDir();
    mkdirSync(parent);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', parent]);
    mounted = parent;
    expect(() => writeFileSync(join(parent, 'ballast'), Buffer.alloc(65_536))).not.toThrow();
    const error = await journals.open(join(parent, 'data')).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringMatching(/^the disk of .* is full: make room/),
    });
  });
});
