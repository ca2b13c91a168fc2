import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { restore } from '../../../src/journal/backup.ts';
import { directoryOf, type Owner } from '../../../src/journal/data-directory.ts';
import { NODE_DISK } from '../../../src/journal/disk.ts';
import { ViewFile } from '../../../src/journal/view-file.ts';
import { DiskJournals, kept } from '../../support/disk-journals.ts';
import { goldenPath } from '../../support/golden.ts';
import { contentOf, filesOf, GOLDEN_OWNER, writeGoldenDirectory } from '../../support/golden-directory.ts';
import { EFFECTS } from '../../support/golden-effects.ts';

const journals = new DiskJournals();
afterEach(() => journals.clean());

const RELEASES = ['0.1.0', '0.3.0'] as const;
type Release = (typeof RELEASES)[number];

/** What each release found in each of the directories that it wrote. */
const CONTENTS = Object.fromEntries(
  RELEASES.map((release) => [
    release,
    JSON.parse(readFileSync(goldenPath(release, 'directories.json'), 'utf8')) as Record<string, string[]>,
  ]),
) as Record<Release, Record<string, string[]>>;

const DIRECTORIES = RELEASES.flatMap((release) =>
  Object.entries(CONTENTS[release]).map(([name, content]) => ({ release, name, content })),
);

const pathOf = (release: Release, name: string): string => join(goldenPath(release, 'directories'), name);

/** A copy, since a journal is changed by opening it. */
function copyOf(release: Release, name: string): string {
  const dataDir = journals.dataDir();
  cpSync(pathOf(release, name), dataDir, { recursive: true });
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
    const { journal, placement, installed, configuration, installedConfiguration, ...view } = views.load()!;
    for (const later of [journal, placement, installed, configuration, installedConfiguration])
      expect(later).toBeNull();
    lines.push(`view: ${JSON.stringify(view)}`);
  }
  return lines;
}

describe('data directories, as releases wrote them', () => {
  it.each(DIRECTORIES)(
    '$release $name: all of it is found, and can be written to',
    async ({ release, name, content }) => {
      const dataDir = copyOf(release, name);
      const owner = ownerOf(name);
      expect(await foundIn(dataDir, owner)).toEqual(content);
      if (!readdirSync(dataDir).includes('controller-0')) return;
      const opened = await journals.open(dataDir, { owner });
      const version = { time: Number.MAX_SAFE_INTEGER, node: 1 };
      opened.journal.record({ ...EFFECTS.setWithoutValue, key: 'new', version, value: Buffer.from('value') });
      opened.journal.attach({ key: 'new', version, needs: [] });
      expect(await kept(opened.journal)).toBeNull();
      await journals.close(opened);
      expect(identityIn(dataDir)).toContain('{"format":2,');
      const found = await foundIn(dataDir, owner);
      expect(found).toContain(`set "new" @${version.time}.1 flags 0 expires 0 "value"`);
      expect(found).toContain(`attached: ${JSON.stringify({ key: 'new', version, needs: [] })}`);
      expect(found).toEqual(expect.arrayContaining(content.filter((line) => !line.startsWith('newest'))));
    },
  );

  it('a backup is restored', async () => {
    const dataDir = journals.dataDir();
    await restore(
      { directory: pathOf('0.1.0', 'backup'), kind: GOLDEN_OWNER.consistency },
      dataDir,
      GOLDEN_OWNER,
      () => {},
    );
    expect(await foundIn(dataDir, GOLDEN_OWNER)).toEqual(CONTENTS['0.1.0']['with-base']);
  });

  it.each(RELEASES)('every type of entry of %s: the same is written in the same bytes', async (release) => {
    const dataDir = journals.dataDir();
    await writeGoldenDirectory(journals, dataDir, release);
    expect(hexOf(dataDir)).toEqual(hexOf(pathOf(release, 'every-entry')));
  });

  it('the identity has the bytes that the release of this format wrote', async () => {
    const dataDir = journals.dataDir();
    await writeGoldenDirectory(journals, dataDir, '0.3.0');
    expect(identityIn(dataDir)).toBe(identityIn(pathOf('0.3.0', 'every-entry')));
  });
});

const identityIn = (dataDir: string): string =>
  readFileSync(join(directoryOf(dataDir, 0), 'identity'), 'utf8');

/** The journal's files whose bytes do not depend on the format of the directory. */
const hexOf = (dataDir: string): string[] =>
  [...filesOf(dataDir)].flatMap(([name, bytes]) =>
    name === 'views.json' || name === 'identity' ? [] : `${name} ${bytes.toString('hex')}`,
  );
