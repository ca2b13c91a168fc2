import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import { describeJournal } from '../../support/journal-acceptance.ts';

describeJournal('the journal in memory', async () => ({
  journal: new MemoryJournal(),
  close: async () => {},
}));
