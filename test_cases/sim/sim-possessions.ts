import type { CorePorts } from '../../src/controller/core-ports.ts';
import { groupsWithEntries } from '../../src/controller/group-plan.ts';
import type { Settings } from '../../src/controller/settings.ts';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { NOTHING_RECOVERED } from '../../src/journal/recovered-state.ts';
import type { ViewLog } from '../../src/membership/view-record.ts';

/** What a run begins with. */
export type Possessions = Pick<CorePorts, 'planned' | 'storageOf' | 'openGroup' | 'viewLog'>;

/** With durability `none`: journals in memory, beside a record of views that outlives the run. */
export function inMemory(
  settings: Settings,
  viewLog: ViewLog,
  nextTurn: (callback: () => void) => void,
): Possessions {
  const storage = () => ({ journal: new MemoryJournal(settings.peers.length), recovered: NOTHING_RECOVERED });
  return {
    planned: groupsWithEntries(settings, viewLog.load()),
    storageOf: storage,
    openGroup: (_, done) => nextTurn(() => done(storage())),
    viewLog,
  };
}
