import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { directoryOf } from '../../../src/journal/data-directory.ts';
import { NODE_DISK } from '../../../src/journal/disk.ts';
import { Random } from '../../sim/random.ts';
import { DiskJournals, OWNER } from '../../support/disk-journals.ts';
import { setOf } from '../../support/effects.ts';
import { SimulatedDisk } from '../../support/simulated-disk.ts';

const journals = new DiskJournals();
afterEach(() => journals.clean());

/** Made, used and closed. */
async function used(): Promise<string> {
  const dataDir = journals.dataDir();
  const opened = await journals.open(dataDir);
  opened.journal.record(setOf('a', { time: 1, node: 0 }));
  await journals.close(opened);
  return dataDir;
}

describe('a data directory', () => {
  it('can be read by its user only', async () => {
    const dataDir = await used();
    const modes = [dataDir, directoryOf(dataDir, 0)].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o700, 0o700]);
    for (const name of readdirSync(directoryOf(dataDir, 0)))
      expect([name, statSync(join(directoryOf(dataDir, 0), name)).mode & 0o777]).toEqual([name, 0o600]);
  });

  it('is used by one process at a time, and a second process is told which', async () => {
    const dataDir = await used();
    const opened = await journals.open(dataDir);
    await expect(journals.open(dataDir)).rejects.toMatchObject({
      code: 'LOCKED',
      message: `${directoryOf(dataDir, 0)} is in use by process ${process.pid}: stop that one first`,
    });
    await journals.close(opened);
    await journals.close(await journals.open(dataDir));
  });

  it.for([
    [{ cluster: 'other' }, /belongs to cluster test, not other: set that again, or another data_dir/],
    [
      { consistency: 'eventual' },
      /belongs to consistency linearizability or sequential, not eventual: set that again/,
    ],
    [{ peers: 'a:1,b:2' }, /belongs to peers a:1,b:2,c:3, not a:1,b:2: set that again/],
  ] as const)('of another owner is refused, and left as it is: %j', async ([change, message]) => {
    const dataDir = await used();
    const owner = { ...OWNER, ...change };
    await expect(journals.open(dataDir, { owner })).rejects.toMatchObject({ code: 'OTHER_OWNER' });
    await expect(journals.open(dataDir, { owner })).rejects.toThrow(message);
    expect((await journals.open(dataDir)).journal.records).toBe(1);
  });

  it('that was copied to another controller is refused', async () => {
    const dataDir = await used();
    await NODE_DISK.rename(directoryOf(dataDir, 0), directoryOf(dataDir, 1));
    await expect(journals.open(dataDir, { owner: { ...OWNER, controller: 1 } })).rejects.toThrow(
      /belongs to controller 0, not 1/,
    );
  });

  it('of a newer format is refused', async () => {
    const dataDir = await used();
    const path = join(directoryOf(dataDir, 0), 'identity');
    const body = readFileSync(path, 'utf8').split('\n')[0]!.replace('"format":2', '"format":3');
    writeFileSync(path, `${body}\n${crc32(body).toString(16).padStart(8, '0')}`);
    await expect(journals.open(dataDir)).rejects.toMatchObject({
      code: 'WRONG_FORMAT',
      message: expect.stringContaining(
        'has format 3, this version reads 1 to 2: start the version that wrote it',
      ),
    });
  });

  it('that is a file, or below a file or nothing, is refused', async () => {
    const dataDir = journals.dataDir();
    writeFileSync(dataDir, '');
    await expect(journals.open(dataDir)).rejects.toMatchObject({
      code: 'NOT_A_DIRECTORY',
      message: `${dataDir} is not a directory: move the file that is in its place, or set another data_dir`,
    });
    await expect(journals.open(join(dataDir, 'below'))).rejects.toMatchObject({ code: 'NOT_A_DIRECTORY' });
    await expect(journals.open(join(dirname(dataDir), 'not', 'there'))).rejects.toThrow(
      /the directory above it is not there/,
    );
  });

  it.skipIf(process.getuid?.() === 0)('without permission is refused', async () => {
    const dataDir = journals.dataDir();
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o500);
    await expect(journals.open(dataDir)).rejects.toMatchObject({ code: 'NO_PERMISSION' });
  });

  it.for([
    ['EACCES', 'NO_PERMISSION', /no permission to write .*: give it to the user that runs the controller/],
    ['ENOSPC', 'DISK_FULL', /the disk of .* is full: make room/],
    ['EIO', 'IO', /can't be used/],
  ] as const)('on a disk that answers %s is refused in one line', async ([failure, code, message]) => {
    const disk = new SimulatedDisk();
    const dataDir = journals.simulated(disk);
    disk.failure = failure;
    const error = await journals.open(dataDir, { disk }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('\n');
  });

  it('is made again after its making was cut short', async () => {
    const random = new Random(1);
    for (let i = 0; i < 200; i++) {
      const diesAfter = 1 + (i % 14);
      const disk = new SimulatedDisk();
      const dataDir = journals.simulated(disk);
      disk.dieAt(diesAfter);
      const opening = journals.open(dataDir, { disk });
      const opened = await Promise.race([opening, disk.dead]);
      const left = random.chance(0.5) ? disk.killed() : disk.crashed(() => random.next());
      if (opened !== undefined) journals.abandon(opened);
      const again = await journals.open(dataDir, { disk: left });
      expect([diesAfter, again.setAside]).toEqual([diesAfter, null]);
      await journals.close(again);
    }
  });
});
