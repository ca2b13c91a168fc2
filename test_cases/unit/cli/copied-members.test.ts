import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  atOtherPlaces,
  type CopiedMembers,
  copiedMembers,
  readCopiedMembers,
  restoreViews,
  rootOf,
  writeCopiedMembers,
} from '../../../src/cli/data/copied-members.ts';
import { resolveConfiguration, settingsOf } from '../../../src/cli/settings/configuration.ts';
import { ownerOf } from '../../../src/controller/settings.ts';
import { agreedOnDisk } from '../../../src/journal/agreed-on-disk.ts';
import { NODE_DISK } from '../../../src/journal/disk.ts';
import { ViewFile } from '../../../src/journal/view-file.ts';
import type { Configuration } from '../../../src/placement/configuration.ts';
import { withVoters } from '../../../src/placement/member-changes.ts';
import { configurationOfSize } from '../../support/configurations.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus-copied-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

const CHANGING = withVoters(configurationOfSize(3), [], [0]) as Configuration;

function settingsIn(dataDir: string, self: number) {
  const layer = new Map([['data_dir' as const, { text: dataDir, origin: 'test' }]]);
  return settingsOf(resolveConfiguration([layer]), self, { host: null, port: null }, directory);
}

it('a change that was under way is over in what a backup says of the controllers', async () => {
  expect(CHANGING.before).toEqual([0, 1, 2]);
  const copied = await copiedMembers(settingsIn(directory, 1), CHANGING, [1, 2]);
  const { before: _, ...rest } = CHANGING;
  expect(rootOf(copied)).toEqual(rest);
  writeCopiedMembers(directory, copied);
  expect(readCopiedMembers(directory)).toEqual(copied);
});

it('controllers may be at other places, under their ids', async () => {
  const copied = await copiedMembers(settingsIn(directory, 1), CHANGING, [1, 2]);
  const moved = atOtherPlaces(copied, (id, before) => (id === 2 ? { host: 'x', port: 9 } : before));
  expect(rootOf(moved).controllers[2]).toEqual({ id: 2, host: 'x', port: 9 });
  expect(rootOf(moved).controllers.slice(0, 2)).toEqual(rootOf(copied).controllers.slice(0, 2));
});

it('every restored controller gets the record of one view, which none of them is sure to have on disk', async () => {
  const copied = await copiedMembers(settingsIn(directory, 1), CHANGING, [1, 2]);
  const dataDir = join(directory, 'data');
  const records = [];
  for (const self of [1, 2]) {
    const settings = settingsIn(dataDir, self);
    await restoreViews(settings, copied);
    const owner = ownerOf(settings, 'ordered');
    const file = await ViewFile.open(NODE_DISK, dataDir, owner, () => {});
    records.push(file.load());
    await file.close();
  }
  expect(records[0]).toMatchObject({ sync: false, accepted: { counter: CHANGING.epoch, node: 0 } });
  expect(records[0]!.members.map(({ node }) => node)).toEqual([1, 2]);
  expect(records[1]).toEqual(records[0]);
  const agreed = await agreedOnDisk(NODE_DISK, dataDir, ownerOf(settingsIn(dataDir, 1), 'ordered'));
  expect(agreed).toEqual({ installed: rootOf(copied), accepted: rootOf(copied) });
});

it('what another version wrote, or nobody can read, is no backup', () => {
  expect(readCopiedMembers(directory)).toBeNull();
  writeFileSync(join(directory, 'controllers.json'), '{"format":1,');
  expect(() => readCopiedMembers(directory)).toThrow('is damaged: use another backup');
  const later = { format: 2, groups: [], copies: [] } as unknown as CopiedMembers;
  writeCopiedMembers(directory, later);
  expect(() => readCopiedMembers(directory)).toThrow('was written by another version');
});
