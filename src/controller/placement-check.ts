import type { GroupNumber } from '../base/number-kinds.ts';
import { counted } from '../base/text-table.ts';
import { directoryOf, type JournalKind, LEVELS_IN_WORDS } from '../journal/data-directory.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { OpenedJournal } from '../journal/open-journal.ts';
import { leavesEntry } from '../ordering/effect.ts';
import { mayBeWhole, type Placement, shardsNamedIn, sidesOf } from '../placement/agreed-placement.ts';
import { Keyspaces } from '../placement/keyspaces.ts';
import { type KeyspaceSettings, keyspacesOf } from '../placement/placement.ts';
import type { PlannedShard } from '../placement/shards.ts';
import { type RememberedPlacements, shardGroups } from './group-plan.ts';
import { groupsOf } from './moves/transfers.ts';
import type { Settings } from './settings.ts';

/** A journal that was opened, and where it is. */
export interface PlacedLog {
  readonly number: GroupNumber;
  readonly kind: JournalKind;
  /** Null for a group of whole keyspaces. */
  readonly shard: PlannedShard | null;
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
  { number, kind, shard, dataDir, log }: PlacedLog,
  settings: Settings,
  remembered: RememberedPlacements | null,
): void {
  const parts = partsOf(settings, remembered);
  const spread = spreadIn(settings, remembered);
  const isSpread = (name: string) => spread.has(name);
  const agreed = placementsWithShards(remembered);
  // mutant: first-shards-from-nowhere
  const mayBeHere = (name: string) => !isSpread(name) || agreed.some((one) => mayBeWhole(one, name));
  const isIn = ({ name, groups }: KeyPart) =>
    shard === null ? mayBeHere(name) && groups.has(number) : shard.keyspace === name;
  if (parts.every(isIn)) return;
  const partOf = new Keyspaces(parts);
  let misplaced = 0;
  let example = '';
  for (const key of keysIn(log)) {
    if (isIn(partOf.of(key))) continue;
    if (misplaced++ === 0) example = key;
  }
  if (misplaced === 0) return;
  const { name, level } = partOf.of(example);
  const now = isSpread(name) ? 'has shards' : 'has another level';
  throw new JournalError(
    'OTHER_PLACEMENT',
    `${directoryOf(dataDir, settings.self)} has ${counted(misplaced, 'key')} of level ` +
      `${LEVELS_IN_WORDS[kind]} whose keyspace ${now} now, ` +
      `such as ${JSON.stringify(example)} of ${name} (${level}): ${REMEDY}`,
  );
}

/** The names of the keyspaces that have shards. */
function spreadIn(settings: Settings, remembered: RememberedPlacements | null): ReadonlySet<string> {
  return new Set(shardGroups(settings, remembered).map(({ shard }) => shard.keyspace));
}

/** The placements that count, where the controllers have agreed on shards; none where the configuration has them. */
function placementsWithShards(remembered: RememberedPlacements | null): readonly Placement[] {
  const placements = [remembered?.placement, remembered?.installed].filter((one) => one != null);
  return placements.some((one) => shardsNamedIn(one).length > 0) ? placements : [];
}

/**
 * Refuses configured shards of a keyspace that the controllers have given another level or prefix while they ran. What
 * they agreed on wins over the configuration. Shards that they have agreed on have the level and the keys of the
 * placement.
 *
 * @throws JournalError
 */
export function refuseOtherShards(settings: Settings, remembered: RememberedPlacements | null): void {
  const configured = keyspacesOf(settings);
  if (placementsWithShards(remembered).length > 0) return;
  const placements = [remembered?.placement, remembered?.installed].filter((one) => one != null);
  for (const name of spreadIn(settings, remembered))
    for (const { keyspaces } of placements) {
      const own = configured.find((one) => one.name === name);
      const agreed = keyspaces.find((one) => one.name === name);
      if (own !== undefined && agreed?.prefix === own.prefix && agreed.level === own.level) continue;
      throw new JournalError(
        'OTHER_PLACEMENT',
        `the keyspace ${name} was changed while the cluster ran, and can not have shards: ` +
          'take its shards out of the configuration, and give it back the level and the prefix that are configured',
      );
    }
}

/** A journal that was opened, and that no group of this controller needs. */
export interface UnusedLog extends Pick<PlacedLog, 'dataDir' | 'log'> {
  /** What it has the entries of, and why nothing needs it, for people. */
  readonly what: string;
}

/** Refuses the entries of a group that no keyspace needs any more. @throws JournalError */
export function refuseUnused({ dataDir, log, what }: UnusedLog, { self }: Settings): void {
  // The first key is enough: a journal may have millions.
  for (const key of keysIn(log)) {
    throw new JournalError(
      'OTHER_PLACEMENT',
      `${directoryOf(dataDir, self)} has keys of ${what}, such as ${JSON.stringify(key)}: ${REMEDY}`,
    );
  }
}

const REMEDY =
  'set the levels, the keyspaces and their shards as they were, and delete these keys before the change; or set another data_dir';

/** Keys that have one keyspace by each of the placements that count. */
interface KeyPart extends KeyspaceSettings {
  /** The groups that may have records of these keys. */
  readonly groups: ReadonlySet<GroupNumber>;
}

/**
 * By the placement that this controller has accepted, and the one that was installed here when it stopped. While
 * one of them has a move, two groups may have records of a key. Without a placement the configuration holds.
 */
function partsOf(settings: Settings, remembered: RememberedPlacements | null): readonly KeyPart[] {
  const configured = keyspacesOf(settings);
  const placements = [remembered?.placement, remembered?.installed].filter((one) => one != null);
  const lists = placements.flatMap(({ keyspaces, move }) => [keyspaces, [move?.before, move?.after]]);
  const named = (lists.length === 0 ? [configured] : lists).flat();
  const prefixes = new Set(named.flatMap((keyspace) => keyspace?.prefix ?? []));
  const sides = (placements.length === 0 ? [null] : placements).map((one) => sidesOf(one, configured));
  return [...prefixes].map((prefix) => {
    const groups = new Set(sides.flatMap((one) => groupsOf(one, prefix)));
    return { ...sides[0]!.after.of(prefix), prefix, groups };
  });
}

/** The keys of all entries, and of all writes that the group may still have to apply. */
function* keysIn({ journal, recovered }: OpenedJournal): Generator<string> {
  const records = journal.walk();
  for (let next = records.next(); next.done !== true; next = records.next())
    if (!next.value.tombstone) yield next.value.key;
  for (const effect of recovered.staged) if (leavesEntry(effect)) yield effect.key;
}
