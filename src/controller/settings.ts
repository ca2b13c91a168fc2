import type { ControllerId } from '../base/number-kinds.ts';
import type { JournalKind, Owner } from '../journal/data-directory.ts';
import type { Durability } from '../journal/durability.ts';
import { type Configuration, configurationOf } from '../placement/configuration.ts';
import type { OrderedScheme, PlacedLevel } from '../placement/placed-level.ts';
import type { KeyspaceSettings } from '../placement/placement.ts';
import type { ShardedKeyspace } from '../placement/shards.ts';
import type { StoreType } from '../store/create-driver.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A controller that is not in `peers`. */
export interface AddedController {
  /** Where it listens. */
  readonly address: Address;
  /** The controllers of the cluster, as the others told it, with this one among them. */
  readonly configuration: Configuration;
}

/** All settings of one controller, validated; `config.ini` explains each with its formula. */
export interface Settings {
  /** Peers of another cluster are refused. */
  readonly cluster: string;
  /** The id of this controller: its place in `peers`, or the one that it was given when it was added. */
  readonly self: ControllerId;
  /** The controllers that the cluster was formed with, in the order of their ids. */
  readonly peers: readonly Address[];
  /** So many of `peers` vote, the first ones; the others follow. Absent: all of them vote. */
  readonly voters?: number;
  /** Of a controller that was added to the cluster later; absent for those in `peers`. */
  readonly added?: AddedController;
  /**
   * Controllers of `peers` are dropped as well once they have been removed. That is safe only where none of them is
   * ever started again under the name of this cluster: without its data, and told by nobody, it would form a cluster
   * alone.
   */
  readonly dropsFounders?: true;
  /** The first of the further ports for HTTP alone, see `httpAddressOf`; 0 for none. */
  readonly httpPort: number;
  /** Where this controller listens for HTTP alone, in the place of what `httpPort` says. */
  readonly httpAt?: Address;
  /** Names by which HTTP clients may reach the controllers, beside the hosts in `peers`. */
  readonly httpHosts: readonly string[];
  /** The file with the cluster secret; empty for none. */
  readonly secretFile: string;
  /** The level of the default keyspace. */
  readonly level: PlacedLevel;
  /** How keyspaces at an ordered level are replicated where nothing else is said of them. */
  readonly scheme: OrderedScheme;
  /** The other keyspaces. */
  readonly keyspaces: readonly KeyspaceSettings[];
  /** The keyspaces whose keys are spread over several groups. */
  readonly sharded: readonly ShardedKeyspace[];
  /** The zone of each controller, in the order of their ids; empty where no zones are given. */
  readonly zones: readonly string[];
  readonly heartbeatMs: number;
  /** A peer counts as down after this many missed heartbeats. */
  readonly threshold: number;
  /** A majority of controllers that remember nothing may form an empty cluster without the others. */
  readonly form: boolean;
  /** How long a member may serve strong reads after the other members last granted it a lease. */
  readonly leaseMs: number;
  /**
   * The directory for the data of all controllers of this machine that must survive the process; empty for
   * none.
   */
  readonly dataDir: string;
  /** `none` without a data directory. */
  readonly durability: Durability;
  /** Every request is answered within this time, with an error if necessary. */
  readonly requestTimeoutMs: number;
  /** `slowlog` lists requests that take as long, in milliseconds; 0 for none. */
  readonly slowRequestMs: number;
  readonly syncIntervalMs: number;
  /** Deletions are forgotten although a peer may have missed them once it was silent for this long. */
  readonly tombstoneHorizonMs: number;
  readonly maxClockSkewMs: number;
  readonly storeType: StoreType;
  /** Ignored by the embedded store. */
  readonly storeAddress: Address;
  /** A store that does not answer a pending request for this long has failed. */
  readonly storeTimeoutMs: number;
  /** The bytes that the embedded store may hold before it evicts. */
  readonly storeBytesMax: number;
  /** The bytes that hot entries may take in the memory of the controller; 0 for none. */
  readonly hotBytesMax: number;
  /** The largest item of a client in bytes, including the key and memcached's header. */
  readonly itemBytesMax: number;
  readonly connectionsMax: number;
  /** Most requests of one connection in progress at once; further ones wait in the socket. */
  readonly pipelineMax: number;
  /** Most bytes of ordered writes that wait for agreement; further writes are refused with an error. */
  readonly queueBytesMax: number;
  /**
   * Most bytes of memory for all clients together: values under way, replies not taken, unfinished requests.
   */
  readonly clientBytesMax: number;
  /** A connection whose client has sent nothing for this long is closed, in milliseconds; 0 for never. */
  readonly idleTimeoutMs: number;
  /** The command `shutdown` of a client ends this controller. */
  readonly shutdownCommand: boolean;
  /** `-` logs to the console. */
  readonly logFile: string;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
  readonly logFormat: 'text' | 'json';
  /**
   * A log file of this size is set aside, in bytes. Together with `logFilesMax` it bounds the disk space of a
   * controller's log.
   */
  readonly logSizeMax: number;
  /** Most log files: the current one and those set aside. */
  readonly logFilesMax: number;
}

/** Where the controller with these settings listens. */
export function ownAddress({ self, peers, added }: Pick<Settings, 'self' | 'peers' | 'added'>): Address {
  return added === undefined ? peers[self]! : added.address;
}

/** The configuration that the controller with these settings begins with. */
export function configuredOf({
  peers,
  voters,
  added,
}: Pick<Settings, 'peers' | 'voters' | 'added'>): Configuration {
  return added === undefined ? configurationOf(peers, voters) : added.configuration;
}

/** The address in text: human-readable, and equal at all controllers. */
export function nameOf({ host, port }: Address): string {
  return `${host}:${port}`;
}

/**
 * Where a controller listens for HTTP alone: on its host in `peers`. Controllers on one host have ports that follow
 * each other, in the order of their ids. Null where there is no such port, and for a controller that was added later.
 */
export function httpAddressOf(
  { httpPort, peers }: Pick<Settings, 'httpPort' | 'peers'>,
  controller: ControllerId,
): Address | null {
  const own = peers[controller];
  if (httpPort === 0 || own === undefined) return null;
  const { host } = own;
  const before = peers.slice(0, controller).filter((peer) => peer.host === host).length;
  return { host, port: httpPort + before };
}

/** Where the controller with these settings listens for HTTP alone; null for nowhere. */
export function ownHttpAddress(
  settings: Pick<Settings, 'httpPort' | 'httpAt' | 'peers' | 'self'>,
): Address | null {
  return settings.httpAt ?? httpAddressOf(settings, settings.self);
}

/** The owner that the data files of a controller with these settings name. @param consistency the kind of journal */
export function ownerOf({ cluster, self, peers }: Settings, consistency: JournalKind): Owner {
  return { cluster, controller: self, peers: peers.map(nameOf).join(','), consistency };
}

/** The settings that are the same for every controller of a cluster. */
export type SharedSettings = Omit<Settings, 'self' | 'storeAddress'>;
