import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { directoryOf } from '../../../src/journal/data-directory.ts';
import type { JoinEffect } from '../../../src/ordering/effect.ts';
import { DiskJournals, kept, readValue } from '../../support/disk-journals.ts';
import { setOf } from '../../support/effects.ts';
import { EFFECTS } from '../../support/golden-effects.ts';

const journals = new DiskJournals();
afterEach(() => journals.clean());

const version = (time: number) => ({ time, node: 0 });

const appended = (time: number, base: number): JoinEffect => ({
  ...EFFECTS.append,
  key: 'grown',
  version: version(time),
  condition: version(base),
});

// An entry that had not moved was taken for one that had, and was read again and again: the controller stood still.
it.each([
  ['whole', 'plain', version(1)],
  ['made of differences', 'grown', version(4)],
] as const)('regression: a value that is %s and cannot be read is an error', async (_, key, newest) => {
  const dataDir = journals.dataDir();
  const opened = await journals.open(dataDir);
  const { journal } = opened;
  journal.record(setOf('plain', version(1)));
  journal.record(setOf('grown', version(2)));
  journal.record(appended(3, 2));
  journal.record(appended(4, 3));
  expect(await kept(journal)).toBeNull();
  const directory = directoryOf(dataDir, 0);
  for (const name of readdirSync(directory))
    if (name.startsWith('log-')) truncateSync(join(directory, name), 50);
  await expect(readValue(journal, key, newest)).rejects.toThrow('an entry is not whole');
  journals.abandon(opened);
});
