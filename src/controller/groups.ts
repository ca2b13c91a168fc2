import { InvariantError } from '../base/invariant-error.ts';
import type { Log } from '../base/log.ts';
import type { GroupNumber } from '../base/number-kinds.ts';
import { isOrdered, POLICIES } from '../consistency/policies.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import { NOTHING_RECOVERED } from '../journal/recovered-state.ts';
import type { Membership } from '../membership/membership.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import { startGraceMsOf } from '../membership/start-grace.ts';
import { MemoryViewLog, type ViewLog } from '../membership/view-record.ts';
import { VersionVector } from '../ordering/version-vector.ts';
import type { Level } from '../placement/level.ts';
import { Group, type GroupPorts } from '../replication/group.ts';
import { READ_WINDOW_BYTES } from '../replication/read-windows.ts';
import type { ControllerPorts, SchemeSettings } from '../replication/scheme-ports.ts';
import { ROOT_SCHEME, type SchemeName } from '../replication/schemes.ts';
import { NO_STORE } from '../store/entry-store.ts';
import type { CorePorts } from './core-ports.ts';
import type { Settings } from './settings.ts';

/** The groups that a controller takes part in. */
export interface Groups {
  /** The group that has the entries of the default keyspace. */
  readonly data: Group;
  /** This controller's part in the views, which the root group agrees on at every level. */
  readonly views: Membership;
  readonly all: readonly Group[];
  /** The same groups, by number. */
  readonly byNumber: readonly (Group | undefined)[];
}

/** The number of the group with the entries, at a convergent level. */
const CONVERGENT_GROUP = 1;

/** The number of the group that has the entries, at this level. */
export function dataGroupOf(level: Level): number {
  return isOrdered(level) ? ROOT_GROUP : CONVERGENT_GROUP;
}

/**
 * The root group, and the group with the entries. At an ordered level both are the same group. At a convergent level
 * the root group has views and no entries, and the other group never waits for it.
 */
export function groupsOf(ports: CorePorts, controller: ControllerPorts): Groups {
  const { level } = ports.settings;
  const { scheme } = POLICIES[level];
  const number = dataGroupOf(level);
  if (number === ROOT_GROUP) {
    const data = new Group(dataPorts(ports, controller, number, scheme, ports.viewLog));
    return { data, views: viewsOf(data), all: [data], byNumber: [data] };
  }
  const root = new Group(emptyRootPorts(ports, controller));
  const data = new Group(dataPorts(ports, controller, number, scheme, new MemoryViewLog()));
  return { data, views: viewsOf(root), all: [root, data], byNumber: [root, data] };
}

function viewsOf({ scheme }: Group): Membership {
  if (scheme.views === null) throw new InvariantError('the root group has no views');
  return scheme.views;
}

/** The ports of the group that has the entries. */
function dataPorts(
  ports: CorePorts,
  controller: ControllerPorts,
  number: GroupNumber,
  scheme: SchemeName,
  viewLog: ViewLog,
): GroupPorts {
  const { settings, recovered } = ports;
  const { peers } = controller;
  return {
    number,
    scheme,
    controller,
    settings: schemeSettingsOf(settings),
    bus: ports.bus.of(number),
    knownBy: (peer) => peers.knownBy(peer),
    journal: ports.journal,
    recovered,
    viewLog,
    store: ports.store,
    log: ports.log,
    journalName: recovered.journalName || ports.incarnation.toString(36),
    requestTimeoutMs: settings.requestTimeoutMs,
    hotBytesMax: settings.hotBytesMax,
    readWindowBytes: ports.readWindowBytes ?? READ_WINDOW_BYTES,
    nextTurn: ports.nextTurn,
  };
}

/**
 * The ports of a root group without entries. Its views decide nothing that a user could see, so its log says nothing.
 */
function emptyRootPorts(ports: CorePorts, controller: ControllerPorts): GroupPorts {
  const { settings } = ports;
  return {
    number: ROOT_GROUP,
    scheme: ROOT_SCHEME,
    controller,
    settings: schemeSettingsOf(settings),
    bus: ports.bus.of(ROOT_GROUP),
    // There is nothing to know, and so nothing that a peer could say of it.
    knownBy: () => VersionVector.zero(settings.peers.length),
    journal: new MemoryJournal(settings.peers.length),
    recovered: NOTHING_RECOVERED,
    viewLog: ports.viewLog,
    store: NO_STORE,
    log: SILENT,
    journalName: '',
    requestTimeoutMs: settings.requestTimeoutMs,
    hotBytesMax: 0,
    readWindowBytes: READ_WINDOW_BYTES,
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
