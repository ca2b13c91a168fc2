import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { restore } from '../../../src/journal/backup.ts';
import type { Owner } from '../../../src/journal/data-directory.ts';
import { NODE_DISK } from '../../../src/journal/disk.ts';
import { ViewFile } from '../../../src/journal/view-file.ts';
import { DiskJournals, kept } from '../../support/disk-journals.ts';
import { goldenPath } from '../../support/golden.ts';
import { contentOf, filesOf, GOLDEN_OWNER, writeGoldenDirectory } from '../../support/golden-directory.ts';
import { EFFECTS } from '../../support/golden-effects.ts';

const journals = new DiskJournals();
afterEach(() => journals.clean());

const DIRECTORIES = goldenPath('0.1.0', 'directories');
const CONTENTS = JSON.parse(readFileSync(goldenPath('0.1.0', 'directories.json'), 'utf8')) as Record<
  string,
  string[]
>;

/** A copy, since a journal is changed by opening it. */
function copyOf(name: string): string {
  const dataDir = journals.dataDir();
  cpSync(join(DIRECTORIES, name), dataDir, { recursive: true });
  return dataDir;
}

const ownerOf = (name: string): Owner => ({
  ...GOLDEN_OWNER,
  consistency: name.startsWith('eventual') ? 'eventual' : 'ordered',
});

/** All that a controller finds in its data directory, in words. */
async function foundIn(dataDir: string, owner: Owner): Promise<string[]> {
  const names = readdirSync(dataDir);
  const lines: string[] = [];
  if (names.includes('controller-0')) {
    const opened = await journals.open(dataDir, { owner });
    expect(opened.setAside).toBeNull();
    lines.push(...(await contentOf(opened)));
    await journals.close(opened);
  }
  if (names.includes('controller-0.views.json')) {
    const views = await ViewFile.open(NODE_DISK, dataDir, owner, () => {});
    const { placement, installed, ...view } = views.load()!;
    expect([placement, installed]).toEqual([null, null]);
    lines.push(`view: ${JSON.stringify(view)}`);
  }
  return lines;
}

describe('data directories, as release 0.1.0 wrote them', () => {
  it.each(Object.entries(CONTENTS))(
    '%s: all of it is found, and can be written to',
    async (name, content) => {
      const dataDir = copyOf(name);
      const owner = ownerOf(name);
      expect(await foundIn(dataDir, owner)).toEqual(content);
      if (!readdirSync(dataDir).includes('controller-0')) return;
      const opened = await journals.open(dataDir, { owner });
      const version = { time: Number.MAX_SAFE_INTEGER, node: 1 };
      opened.journal.record({ ...EFFECTS.setWithoutValue, key: 'new', version, value: Buffer.from('value') });
      expect(await kept(opened.journal)).toBeNull();
      await journals.close(opened);
      const found = await foundIn(dataDir, owner);
      expect(found).toContain(`set "new" @${version.time}.1 flags 0 expires 0 "value"`);
      expect(found).toEqual(expect.arrayContaining(content.filter((line) => !line.startsWith('newest'))));
    },
  );

  it('a backup is restored', async () => {
    const dataDir = journals.dataDir();
    await restore(join(DIRECTORIES, 'backup'), dataDir, GOLDEN_OWNER, () => {});
    expect(await foundIn(dataDir, GOLDEN_OWNER)).toEqual(CONTENTS['with-base']);
  });

  it('every type of entry: the same is written in the same bytes', async () => {
    const dataDir = journals.dataDir();
    await writeGoldenDirectory(journals, dataDir);
    const hexOf = (files: ReadonlyMap<string, Buffer>) =>
      [...files].flatMap(([name, bytes]) =>
        name === 'views.json' ? [] : `${name} ${bytes.toString('hex')}`,
      );
    expect(hexOf(filesOf(dataDir))).toEqual(hexOf(filesOf(join(DIRECTORIES, 'every-entry'))));
  });
});
