import { InvariantError } from '../base/invariant-error.ts';
import type { Log } from '../base/log.ts';
import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import { evaluatorOf } from '../consistency/decide.ts';
import { POLICIES, type Policy } from '../consistency/policies.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { NOTHING_RECOVERED } from '../journal/recovered-state.ts';
import type { Membership } from '../membership/membership.ts';
import { busAmong, ROOT_GROUP } from '../membership/peer-bus.ts';
import { startGraceMsOf } from '../membership/start-grace.ts';
import { agreedShardsOf } from '../placement/agreed-shards.ts';
import { keyspacesOf } from '../placement/placement.ts';
import { Router } from '../placement/router.ts';
import { nameOfShard, type PlannedShard, plannedShards } from '../placement/shards.ts';
import { Group, type GroupPorts } from '../replication/group.ts';
import { READ_WINDOW_BYTES, readWindows } from '../replication/read-windows.ts';
import type { ControllerPorts, SchemeSettings } from '../replication/scheme-ports.ts';
import { SCHEMES, type SchemeName } from '../replication/schemes.ts';
import { NO_STORE } from '../store/entry-store.ts';
import { HotEntries } from '../store/hot-entries.ts';
import type { CorePorts, GroupStorage } from './core-ports.ts';
import {
  groupOfLevel,
  type PlannedGroup,
  type ShardGroup,
  schemeOfGroup,
  shardGroups,
} from './group-plan.ts';
import type { LeveledKeyspace } from './leveled-keyspace.ts';
import type { Settings } from './settings.ts';
import { shardParts } from './shard-parts.ts';
import type { WholeMembers } from './whole-members.ts';

export type ControllerRouter = Router<Policy, Group>;

/** The groups that a controller takes part in. Moves begin further ones, and end some, while the controller runs. */
export class Groups {
  /** All groups: the root group is the first. */
  readonly all: Group[];
  /** This controller's part in the views, which the root group agrees on at every level. */
  readonly views: Membership;
  /** The number is the index. */
  readonly byNumber: (Group | undefined)[] = [];
  /** The keyspaces, and which group has each. */
  readonly router: ControllerRouter;
  /** The root group has a journal, and may have entries. */
  readonly hasOrderedEntries: boolean;
  /** The groups of all shards that may have keys, here and elsewhere, by number. */
  shards: readonly ShardGroup[];
  readonly node: ControllerId;
  /** The shards that the controllers go by as long as they have agreed on no others. */
  readonly configuredShards: readonly PlannedShard[];
  #keyspaces: readonly LeveledKeyspace[];
  #withEntries: readonly [Group, ...Group[]];
  #furtherViews: readonly FurtherViews[];
  readonly #make: MakeGroup;
  /** The shard that each group has, in the words of `shardNameOf`. */
  readonly #names: ReadonlyMap<GroupNumber, string>;
  /** Those that have ended, and whose journals are open. */
  #ended: GroupNumber[] = [];

  constructor(
    all: readonly Group[],
    hasOrderedEntries: boolean,
    settings: Settings,
    shards: readonly ShardGroup[],
    make: MakeGroup,
    names: ReadonlyMap<GroupNumber, string>,
  ) {
    this.all = [...all];
    this.#names = names;
    this.#make = make;
    this.hasOrderedEntries = hasOrderedEntries;
    this.shards = shards;
    this.node = settings.self;
    this.configuredShards = plannedShards(settings, settings.peers.length);
    for (const group of all) this.byNumber[group.number] = group;
    const { views } = this.all[0]!.scheme;
    if (views === null) throw new InvariantError('the root group has no views');
    this.views = views;
    this.#furtherViews = furtherViewsIn(all);
    this.#keyspaces = servedKeyspaces(settings, this.configuredShards, (number) => this.entriesOf(number));
    this.router = new Router(this.#keyspaces);
    this.#withEntries = servingGroups(this.#keyspaces);
  }

  /** What the router routes by. Names, levels and groups are set by `Levels`. */
  get keyspaces(): readonly LeveledKeyspace[] {
    return this.#keyspaces;
  }

  /** The group with this number, if it may have entries; undefined while this controller has no part in it. */
  entriesOf(number: GroupNumber): Group | undefined {
    return number === ROOT_GROUP && !this.hasOrderedEntries ? undefined : this.byNumber[number];
  }

  /** Those that have the entries of a keyspace. */
  get withEntries(): readonly [Group, ...Group[]] {
    return this.#withEntries;
  }

  /** The views of the ordered groups beside the root group. */
  get furtherViews(): readonly FurtherViews[] {
    return this.#furtherViews;
  }

  /** Routes by these keyspaces from now on. */
  route(keyspaces: readonly LeveledKeyspace[]): void {
    this.#keyspaces = keyspaces;
    this.router.route(keyspaces);
  }

  /** To be called when a keyspace has another group. */
  onRouted(): void {
    this.#withEntries = servingGroups(this.#keyspaces);
    // mutant: no-shards-at-the-start
    this.router.onRouted();
  }

  /** Begins the part of this controller in one more group. */
  add(plan: PlannedGroup, storage: GroupStorage): Group {
    const group = this.#make(plan, storage);
    this.all.push(group);
    this.byNumber[plan.number] = group;
    this.#furtherViews = furtherViewsIn(this.all);
    return group;
  }

  /** Ends the part of this controller in a shard that has no keys any more: it does nothing from now on. */
  remove(number: GroupNumber): void {
    const at = this.all.findIndex((group) => group.number === number);
    if (at < 0) return;
    this.all.splice(at, 1);
    delete this.byNumber[number];
    this.#ended.push(number);
    this.#furtherViews = furtherViewsIn(this.all);
  }

  /** This controller takes part in a group that has this shard, and not in another one with its number. */
  has({ number, shard }: ShardGroup): boolean {
    return this.byNumber[number] !== undefined && this.#names.get(number) === shardNameOf(shard);
  }

  /** The groups that have ended since the last call. */
  takeEnded(): readonly GroupNumber[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }
}

/** Two changes that were asked for at once may have given one number to two groups. */
function shardNameOf({ keyspace, place, members }: PlannedShard): string {
  return `${keyspace} ${place} ${members.join()}`;
}

type MakeGroup = (plan: PlannedGroup, storage: GroupStorage) => Group;

/** The part of this controller in the views of an ordered group that is not the root group. */
interface FurtherViews {
  readonly group: GroupNumber;
  readonly views: Membership;
}

function furtherViewsIn(groups: readonly Group[]): readonly FurtherViews[] {
  return groups.flatMap(({ number, scheme: { views } }) =>
    number === ROOT_GROUP || views === null ? [] : [{ group: number, views }],
  );
}

/** Every controller has a part in the first of them. */
function servingGroups(keyspaces: readonly LeveledKeyspace[]): readonly [Group, ...Group[]] {
  const shards = keyspaces.flatMap((keyspace) => keyspace.shards?.all ?? []);
  const parts = [...keyspaces, ...shards.filter(({ elsewhere }) => elsewhere === null)];
  const groups = [...new Set(parts.map(({ group }) => group))].sort((a, b) => a.number - b.number);
  return groups as [Group, ...Group[]];
}

/** What the controller gives to a group. @param shard null for a group of whole keyspaces */
type ControllerOf = (group: GroupNumber, shard: PlannedShard | null) => ControllerPorts;

/**
 * The root group, and a group for each scheme that the keyspaces need, and for each shard that is here. The root group
 * has the entries of the ordered keyspaces. Where there are none, it has views and no entries. The other groups never
 * wait for it.
 */
export function groupsOf(ports: CorePorts, controllerOf: ControllerOf, whole: WholeMembers): Groups {
  const { settings, planned, storageOf } = ports;
  const reading = readingOf(ports);
  const first = planned[0]!.number;
  const shards = shardGroups(settings, ports.viewLog.load());
  const names = new Map<GroupNumber, string>();
  const make: MakeGroup = (plan, storage) => {
    const { number, shard } = plan;
    if (shard !== null) names.set(number, shardNameOf(shard));
    return groupWithEntries(ports, controllerOf(number, shard), reading, {
      ...plan,
      whole,
      storage,
      isFirst: number === first,
    });
  };
  const withEntries = planned.map((plan) => make(plan, storageOf(plan.number)));
  const isRootEmpty = first !== ROOT_GROUP;
  const empty = isRootEmpty
    ? [new Group(emptyRootPorts(ports, controllerOf(ROOT_GROUP, null), reading, whole))]
    : [];
  const all = [...empty, ...withEntries];
  return new Groups(all, !isRootEmpty, settings, shards, make, names);
}

function servedKeyspaces(
  settings: Settings,
  planned: readonly PlannedShard[],
  entriesOf: (group: GroupNumber) => Group | undefined,
): readonly LeveledKeyspace[] {
  const agreed = agreedShardsOf(planned);
  return keyspacesOf(settings).map((keyspace) => {
    const policy = POLICIES[keyspace.level];
    // mutant: serves-by-another-group
    const group = entriesOf(groupOfLevel(keyspace.level, entriesOf(ROOT_GROUP) === undefined));
    if (group === undefined) throw new InvariantError(`the keyspace ${keyspace.name} has no group`);
    const held = { group, owner: group, serving: group, hold: 'nothing', elsewhere: null } as const;
    const whole = { ...keyspace, policy, ...held };
    const serving = agreed.find((one) => one.keyspace === keyspace.name);
    if (serving === undefined) return { ...whole, shards: null };
    const known = { serving, reshard: null, hasBarrier: false };
    return { ...whole, shards: shardParts(whole, known, known, { node: settings.self, entriesOf }) };
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

interface GroupWithEntries extends PlannedGroup {
  readonly whole: WholeMembers;
  readonly storage: GroupStorage;
  /** The first one that was planned at the start. */
  readonly isFirst: boolean;
}

function groupWithEntries(
  ports: CorePorts,
  controller: ControllerPorts,
  reading: Reading,
  { number, storage, shard, scheme, isFirst, whole }: GroupWithEntries,
): Group {
  const { settings, incarnation } = ports;
  const { journal, recovered } = storage;
  // Each group has a sentinel of its own in the store, so the names of no two journals are equal.
  const nameInMemory = `${incarnation.toString(36)}${isFirst ? '' : `-${number}`}`;
  return new Group({
    ...reading,
    evaluator: evaluatorOf(() => controller.time.nowMs(), settings.itemBytesMax),
    number,
    scheme,
    members: shard?.members ?? null,
    controller,
    settings: { ...schemeSettingsOf(settings, true), stagedBytesMax: ports.stagedBytesMax },
    bus: busOf(ports, number, shard, controller, whole),
    journal,
    recovered,
    viewLog: number === ROOT_GROUP ? ports.viewLog : storage.viewLog,
    store: ports.store,
    log: number === ROOT_GROUP || !SCHEMES[scheme].isOrdered ? ports.log : logOf(shard, scheme, ports.log),
    journalName: recovered.journalName || nameInMemory,
    requestTimeoutMs: settings.requestTimeoutMs,
    nextTurn: ports.nextTurn,
  });
}

/**
 * The ports of a root group without entries. Its views decide nothing that a user could see, so its log says nothing.
 */
function emptyRootPorts(
  ports: CorePorts,
  controller: ControllerPorts,
  reading: Reading,
  whole: WholeMembers,
): GroupPorts {
  const { settings } = ports;
  return {
    ...reading,
    evaluator: evaluatorOf(() => controller.time.nowMs(), settings.itemBytesMax),
    number: ROOT_GROUP,
    scheme: schemeOfGroup(ROOT_GROUP),
    members: null,
    controller,
    settings: schemeSettingsOf(settings, false),
    bus: busOf(ports, ROOT_GROUP, null, controller, whole),
    journal: new MemoryJournal(),
    recovered: NOTHING_RECOVERED,
    viewLog: ports.viewLog,
    store: NO_STORE,
    log: SILENT,
    journalName: '',
    requestTimeoutMs: settings.requestTimeoutMs,
    nextTurn: ports.nextTurn,
  };
}

/** The bus of a group. @param shard null for a group of whole keyspaces */
function busOf(
  { bus }: CorePorts,
  number: GroupNumber,
  shard: PlannedShard | null,
  { peers }: ControllerPorts,
  whole: WholeMembers,
): GroupPorts['bus'] {
  const ids = () => peers.ids;
  return shard === null ? whole.busAmong(bus.of(number), ids) : busAmong(bus.of(number), ids);
}

/** Names the group in what it says of its views. */
function logOf(shard: PlannedShard | null, scheme: SchemeName, log: Log): Log {
  const of = shard === null ? SCHEMES[scheme].word : nameOfShard(shard);
  return {
    info: (message, fields) => log.info(message, { of, ...fields }),
    warn: (message, fields) => log.warn(message, { of, ...fields }),
  };
}

const SILENT: Log = { info: () => {}, warn: () => {} };

function schemeSettingsOf(settings: Settings, hasEntries: boolean): SchemeSettings {
  const { durability, form, leaseMs, heartbeatMs, threshold, queueBytesMax, tombstoneHorizonMs } = settings;
  return {
    hasEntries,
    durability,
    mayForm: form,
    leaseMs,
    suspectAfterMs: heartbeatMs * threshold,
    startGraceMs: startGraceMsOf(settings),
    queueBytesMax,
    tombstoneHorizonMs,
  };
}
