import type { GroupNumber } from '../base/number-kinds.ts';
import { counted } from '../base/text-table.ts';
import { directoryOf, type JournalKind, LEVELS_IN_WORDS } from '../journal/data-directory.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { OpenedJournal } from '../journal/open-journal.ts';
import { leavesEntry } from '../ordering/effect.ts';
import { Keyspaces } from '../placement/keyspaces.ts';
import { type KeyspaceSettings, keyspacesOf } from '../placement/placement.ts';
import { groupOfLevel, type RememberedPlacements } from './group-plan.ts';
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
export function refuseMisplaced(
  { number, kind, dataDir, log }: PlacedLog,
  settings: Settings,
  remembered: RememberedPlacements | null,
): void {
  const all = keyspacesOf(settings);
  const isIn = (keyspace: KeyspaceSettings) => groupsOf(keyspace, remembered).has(number);
  if (all.every(isIn)) return;
  const keyspaces = new Keyspaces(all);
  let misplaced = 0;
  let example = '';
  for (const key of keysIn(log)) {
    if (isIn(keyspaces.of(key))) continue;
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

/**
 * The groups that may have records of the keyspace: the one of its level, and while it is moved, or was when this
 * controller stopped, those of two levels.
 */
function groupsOf(
  { name, level }: KeyspaceSettings,
  remembered: RememberedPlacements | null,
): Set<GroupNumber> {
  const placements = [remembered?.placement, remembered?.installed].filter((one) => one != null);
  const placed = placements.flatMap(({ keyspaces, move }) => [
    ...keyspaces.filter((one) => one.name === name).map((one) => one.level),
    ...(move?.name === name ? [move.from, move.to] : []),
  ]);
  return new Set((placed.length === 0 ? [level] : placed).map(groupOfLevel));
}

/** The keys of all entries, and of all writes that the group may still have to apply. */
function* keysIn({ journal, recovered }: OpenedJournal): Generator<string> {
  const records = journal.walk();
  for (let next = records.next(); next.done !== true; next = records.next())
    if (!next.value.tombstone) yield next.value.key;
  for (const effect of recovered.staged) if (leavesEntry(effect)) yield effect.key;
}
