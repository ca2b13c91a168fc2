import { InvariantError } from '../base/invariant-error.ts';
import type { Log } from '../base/log.ts';
import type { GroupNumber } from '../base/number-kinds.ts';
import { POLICIES, type Policy } from '../consistency/policies.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { NOTHING_RECOVERED } from '../journal/recovered-state.ts';
import type { Membership } from '../membership/membership.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import { startGraceMsOf } from '../membership/start-grace.ts';
import { MemoryViewLog } from '../membership/view-record.ts';
import type { Level } from '../placement/level.ts';
import { type KeyspaceSettings, keyspacesOf } from '../placement/placement.ts';
import { Router } from '../placement/router.ts';
import { Group, type GroupPorts } from '../replication/group.ts';
import { READ_WINDOW_BYTES, readWindows } from '../replication/read-windows.ts';
import type { ControllerPorts, SchemeSettings } from '../replication/scheme-ports.ts';
import { SCHEMES } from '../replication/schemes.ts';
import { NO_STORE } from '../store/entry-store.ts';
import { HotEntries } from '../store/hot-entries.ts';
import type { CorePorts } from './core-ports.ts';
import { groupsWithEntries, type PlannedGroup } from './group-plan.ts';
import type { Settings } from './settings.ts';

/** The groups that a controller takes part in. */
export interface Groups {
  /** All groups, by number: the root group is the first. */
  readonly all: readonly Group[];
  /** Those that have entries. Heartbeats announce the first of them. */
  readonly withEntries: readonly [Group, ...Group[]];
  /** The others that have entries. Each is announced by a message of its own. */
  readonly announced: readonly Group[];
  /** This controller's part in the views, which the root group agrees on at every level. */
  readonly views: Membership;
  /** The number is the index. */
  readonly byNumber: readonly (Group | undefined)[];
  /** The keyspaces, and which group has each. */
  readonly router: ControllerRouter;
  /** The same keyspaces. Their levels are set by `Levels`. */
  readonly keyspaces: readonly LeveledKeyspace[];
}

export type ControllerRouter = Router<Policy, Group>;

/** A keyspace whose level may change while the controller runs, within the scheme of its group. */
export interface LeveledKeyspace extends KeyspaceSettings {
  /** The level that this controller goes by. */
  level: Level;
  policy: Policy;
  readonly group: Group;
}

/**
 * The root group, and a group for each scheme that the keyspaces need. The root group has the entries of the ordered
 * keyspaces. Where there are none, it has views and no entries. The other groups never wait for it.
 *
 * @param controllerOf what the controller gives to the group with this number
 */
export function groupsOf(ports: CorePorts, controllerOf: (group: GroupNumber) => ControllerPorts): Groups {
  const { settings } = ports;
  const reading = readingOf(ports);
  const planned = groupsWithEntries(settings);
  const withEntries = planned.map((plan, place) =>
    groupWithEntries(ports, controllerOf(plan.number), reading, plan, place),
  );
  const [first, ...others] = withEntries;
  if (first === undefined) throw new InvariantError('no group has entries');
  const isRootEmpty = first.number !== ROOT_GROUP;
  const root = isRootEmpty ? new Group(emptyRootPorts(ports, controllerOf(ROOT_GROUP), reading)) : first;
  const all = isRootEmpty ? [root, ...withEntries] : withEntries;
  if (root.scheme.views === null) throw new InvariantError('the root group has no views');
  const byNumber: (Group | undefined)[] = [];
  for (const group of all) byNumber[group.number] = group;
  const keyspaces = servedKeyspaces(settings, byNumber);
  const { views } = root.scheme;
  return {
    all,
    withEntries: [first, ...others],
    announced: others,
    views,
    byNumber,
    router: new Router(keyspaces),
    keyspaces,
  };
}

function servedKeyspaces(
  settings: Settings,
  byNumber: readonly (Group | undefined)[],
): readonly LeveledKeyspace[] {
  return keyspacesOf(settings).map((keyspace) => {
    const policy = POLICIES[keyspace.level];
    // mutant: serves-by-another-group
    const group = byNumber[SCHEMES[policy.scheme].group];
    if (group === undefined) throw new InvariantError(`the keyspace ${keyspace.name} has no group`);
    return { ...keyspace, policy, group };
  });
}

/** The memory that reads take, shared by all groups. */
type Reading = Pick<GroupPorts, 'hot' | 'windows'>;

function readingOf({ settings, requestFlush, readWindowBytes = READ_WINDOW_BYTES }: CorePorts): Reading {
  return {
    hot: new HotEntries(settings.hotBytesMax),
    windows: readWindows(requestFlush, readWindowBytes),
  };
}

/** @param place the place of the group among those with entries */
function groupWithEntries(
  ports: CorePorts,
  controller: ControllerPorts,
  reading: Reading,
  { number, scheme }: PlannedGroup,
  place: number,
): Group {
  const { settings, incarnation } = ports;
  const { journal, recovered } = ports.storageOf(number);
  // Each group has a sentinel of its own in the store, so the names of no two journals are equal.
  const nameInMemory = `${incarnation.toString(36)}${place === 0 ? '' : `-${number}`}`;
  return new Group({
    ...reading,
    number,
    scheme: number === ROOT_GROUP ? settings.scheme : scheme,
    controller,
    settings: { ...schemeSettingsOf(settings), stagedBytesMax: ports.stagedBytesMax },
    bus: ports.bus.of(number),
    journal,
    recovered,
    viewLog: number === ROOT_GROUP ? ports.viewLog : new MemoryViewLog(),
    store: ports.store,
    log: ports.log,
    journalName: recovered.journalName || nameInMemory,
    requestTimeoutMs: settings.requestTimeoutMs,
    nextTurn: ports.nextTurn,
  });
}

/**
 * The ports of a root group without entries. Its views decide nothing that a user could see, so its log says nothing.
 */
function emptyRootPorts(ports: CorePorts, controller: ControllerPorts, reading: Reading): GroupPorts {
  const { settings } = ports;
  return {
    ...reading,
    number: ROOT_GROUP,
    scheme: settings.scheme,
    controller,
    settings: schemeSettingsOf(settings),
    bus: ports.bus.of(ROOT_GROUP),
    journal: new MemoryJournal(settings.peers.length),
    recovered: NOTHING_RECOVERED,
    viewLog: ports.viewLog,
    store: NO_STORE,
    log: SILENT,
    journalName: '',
    requestTimeoutMs: settings.requestTimeoutMs,
    nextTurn: ports.nextTurn,
  };
}

const SILENT: Log = { info: () => {}, warn: () => {} };

function schemeSettingsOf(settings: Settings): SchemeSettings {
  const { durability, form, leaseMs, heartbeatMs, threshold, queueBytesMax, tombstoneHorizonMs } = settings;
  return {
    durability,
    mayForm: form,
    leaseMs,
    suspectAfterMs: heartbeatMs * threshold,
    startGraceMs: startGraceMsOf(settings),
    queueBytesMax,
    tombstoneHorizonMs,
  };
}
