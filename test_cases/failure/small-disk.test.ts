import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { OpenedJournal } from '../../src/journal/open-journal.ts';
import type { SetEffect } from '../../src/ordering/effect.ts';
import { DiskJournals, kept, OWNER, readValue } from '../support/disk-journals.ts';
import { setOf } from '../support/effects.ts';
import { mayMount, SmallDisk } from '../support/small-disk.ts';

const journals = new DiskJournals();
afterEach(() => journals.clean());

const KEYS = 70;
const VALUE_BYTES = 100_000;

const set = (time: number): SetEffect =>
  setOf(`key ${time % KEYS}`, { time, node: 0 }, { value: Buffer.alloc(VALUE_BYTES, time) });

/**
 * Overwrites the same keys in all journals, until each journal has taken this many bytes.
 * @returns the number of writes
 */
async function overwrite(opened: readonly OpenedJournal[], bytes: number): Promise<number> {
  const writes = Math.ceil(bytes / VALUE_BYTES);
  for (let time = 1; time <= writes; time++) {
    for (const { journal } of opened) journal.record(set(time));
    for (const { journal } of opened) expect(await kept(journal)).toBeNull();
  }
  return writes;
}

describe('a disk of 64 MB', () => {
  it.skipIf(!mayMount).each([
    ['one journal', 1],
    ['three journals', 3],
  ])('has space for 7 MB that are overwritten for ever, in %s', async (_, count) => {
    using disk = new SmallDisk('64m');
    await using _closed = { [Symbol.asyncDispose]: () => journals.closeAll() };
    const open = (controller: number) =>
      journals.open(join(disk.path, 'data'), { owner: { ...OWNER, controller } });
    const opened: OpenedJournal[] = [];
    for (let controller = 0; controller < count; controller++) opened.push(await open(controller));
    const writes = await overwrite(opened, 300_000_000);
    expect(journals.messages).toContain('the journal is compacted');
    expect(journals.messages).not.toContain('the journal takes no writes');
    expect(journals.messages).not.toContain('the journal could not be compacted');
    await journals.closeAll();
    const again = await open(0);
    const newest = await readValue(again.journal, `key ${writes % KEYS}`, { time: writes, node: 0 });
    expect(newest?.value).toEqual(Buffer.alloc(VALUE_BYTES, writes));
  });
});
