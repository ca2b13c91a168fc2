import type { CorePorts } from '../../src/controller/core-ports.ts';
import { groupsHere } from '../../src/controller/group-plan.ts';
import type { Settings } from '../../src/controller/settings.ts';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { NOTHING_RECOVERED } from '../../src/journal/recovered-state.ts';
import { ROOT_GROUP } from '../../src/membership/peer-bus.ts';
import type { ViewLog } from '../../src/membership/view-record.ts';

/** What a run begins with. */
export type Possessions = Pick<CorePorts, 'planned' | 'storageOf' | 'openGroup' | 'closeGroup' | 'viewLog'>;

/** With durability `none`: journals in memory, beside records of views that outlive the run. */
export function inMemory(
  settings: Settings,
  viewLogOf: (group: number) => ViewLog,
  nextTurn: (callback: () => void) => void,
): Possessions {
  const storage = (group: number) => ({
    journal: new MemoryJournal(),
    recovered: NOTHING_RECOVERED,
    viewLog: viewLogOf(group),
  });
  const viewLog = viewLogOf(ROOT_GROUP);
  return {
    planned: groupsHere(settings, viewLog.load()),
    storageOf: storage,
    openGroup: ({ number }, done) => nextTurn(() => done(storage(number))),
    closeGroup: (_, done) => nextTurn(done),
    viewLog,
  };
}
