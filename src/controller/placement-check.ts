import type { GroupNumber } from '../base/number-kinds.ts';
import { counted } from '../base/text-table.ts';
import { POLICIES } from '../consistency/policies.ts';
import { directoryOf, type JournalKind, LEVELS_IN_WORDS } from '../journal/data-directory.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { OpenedJournal } from '../journal/open-journal.ts';
import { Keyspaces } from '../placement/keyspaces.ts';
import { type KeyspaceSettings, keyspacesOf } from '../placement/placement.ts';
import { SCHEMES } from '../replication/schemes.ts';
import type { Settings } from './settings.ts';

/** A journal that was opened, and where it is. */
export interface PlacedLog {
  readonly number: GroupNumber;
  readonly kind: JournalKind;
  /** The directory that the journal's own directory is in. */
  readonly dataDir: string;
  readonly log: OpenedJournal;
}

/**
 * Refuses entries that another group has by the keyspaces as they are configured now. The group that they are in would
 * not serve them, and would overwrite values of the other group in the store, which both share.
 *
 * Deletions are no entries: they hide older writes, and touch no value.
 *
 * @throws JournalError
 */
export function refuseMisplaced({ number, kind, dataDir, log }: PlacedLog, settings: Settings): void {
  const all = keyspacesOf(settings);
  if (all.every((keyspace) => groupOf(keyspace) === number)) return;
  const keyspaces = new Keyspaces(all);
  let misplaced = 0;
  let example = '';
  for (const key of keysIn(log)) {
    if (groupOf(keyspaces.of(key)) === number) continue;
    if (misplaced++ === 0) example = key;
  }
  if (misplaced === 0) return;
  const { name, level } = keyspaces.of(example);
  throw new JournalError(
    'OTHER_PLACEMENT',
    `${directoryOf(dataDir, settings.self)} has ${counted(misplaced, 'key')} of level ` +
      `${LEVELS_IN_WORDS[kind]} whose keyspace has another level now, ` +
      `such as ${JSON.stringify(example)} of ${name} (${level}): ${REMEDY}`,
  );
}

/** Refuses the entries of a group that no keyspace needs any more. @throws JournalError */
export function refuseUnused({ kind, dataDir, log }: Omit<PlacedLog, 'number'>, { self }: Settings): void {
  // The first key is enough: a journal may have millions.
  for (const key of keysIn(log)) {
    throw new JournalError(
      'OTHER_PLACEMENT',
      `${directoryOf(dataDir, self)} has keys of level ${LEVELS_IN_WORDS[kind]}, which no keyspace has now, ` +
        `such as ${JSON.stringify(key)}: ${REMEDY}`,
    );
  }
}

const REMEDY =
  'set the levels and the keyspaces as they were, and delete these keys before the change; or set another data_dir';

function groupOf({ level }: KeyspaceSettings): GroupNumber {
  return SCHEMES[POLICIES[level].scheme].group;
}

/** The keys of all entries, and of all writes that the group may still have to apply. */
function* keysIn({ journal, recovered }: OpenedJournal): Generator<string> {
  const records = journal.walk();
  for (let next = records.next(); next.done !== true; next = records.next())
    if (!next.value.tombstone) yield next.value.key;
  for (const effect of recovered.staged) if (effect.kind === 'set') yield effect.key;
}
