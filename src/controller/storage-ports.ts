import type { Disk } from '../journal/disk.ts';
import type { JournalOptions } from '../journal/open-journal.ts';

/** The disk, clock and timers that a storage uses, and the dimensions of its journal. */
export interface StoragePorts
  extends Pick<
    JournalOptions,
    'clock' | 'timers' | 'drawDirectoryId' | 'segmentBytesMax' | 'compactBytesMin'
  > {
  readonly disk: Disk;
}
