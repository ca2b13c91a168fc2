import { POLICIES } from '../consistency/policies.ts';
import type { Owner } from '../journal/data-directory.ts';
import type { Durability } from '../journal/durability.ts';
import type { Level } from '../placement/level.ts';
import type { StoreType } from '../store/create-driver.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** All that a controller is told, validated; `config.ini` explains each with its formula. */
export interface Settings {
  /** Peers of another cluster are refused. */
  readonly cluster: string;
  /** Place of this controller in `peers`: its id. */
  readonly self: number;
  readonly peers: readonly Address[];
  /** File with what proves that a process belongs to the cluster; empty for none. */
  readonly secretFile: string;
  readonly level: Level;
  readonly heartbeatMs: number;
  /** Missed heartbeats before a peer counts as down. */
  readonly threshold: number;
  /** A majority of controllers that remember nothing may begin an empty cluster without the others. */
  readonly form: boolean;
  /** How long a member may serve strong reads after the others last granted it. */
  readonly leaseMs: number;
  /** Where what must outlive the process is kept, of every controller of this machine; empty: nowhere. */
  readonly dataDir: string;
  /** `none` without a data directory. */
  readonly durability: Durability;
  /** A request is answered within this time, with an error when need be. */
  readonly requestTimeoutMs: number;
  readonly syncIntervalMs: number;
  /** Deletions are not kept for a peer that was silent for so long. */
  readonly tombstoneHorizonMs: number;
  readonly maxClockSkewMs: number;
  readonly storeType: StoreType;
  /** Ignored by the embedded store. */
  readonly storeAddress: Address;
  /** A store that owes an answer and gives none for so long has failed. */
  readonly storeTimeoutMs: number;
  /** Most that the embedded store holds, in bytes, before it evicts. */
  readonly storeBytesMax: number;
  /** Most that entries which are read again and again take in the controller itself, in bytes; 0 for none. */
  readonly hotBytesMax: number;
  /** Largest item of a client, key and memcached's header included, in bytes. */
  readonly itemBytesMax: number;
  readonly connectionsMax: number;
  /** Requests of one connection in progress at once; further ones wait in the socket. */
  readonly pipelineMax: number;
  /** Bytes of ordered writes that wait for agreement; further ones are refused with an error. */
  readonly queueBytesMax: number;
  /** Values under way, replies not taken and unfinished requests of all clients together, in bytes. */
  readonly clientBytesMax: number;
  /** A client that has sent nothing for this long is closed, in milliseconds; 0 for never. */
  readonly idleTimeoutMs: number;
  /** `shutdown` from a client ends this controller. */
  readonly shutdownCommand: boolean;
  /** `-` logs to the console. */
  readonly logFile: string;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
  readonly logFormat: 'text' | 'json';
  /** Bytes after which a log file is put aside; with `logFilesMax` the most disk that a controller's log takes. */
  readonly logSizeMax: number;
  /** The current file and those put aside. */
  readonly logFilesMax: number;
}

/** For people, and for peers to compare. */
export function nameOf({ host, port }: Address): string {
  return `${host}:${port}`;
}

/** Whose files these are that a controller with these settings makes. */
export function ownerOf({ cluster, self, peers, level }: Settings): Owner {
  return {
    cluster,
    controller: self,
    peers: peers.map(nameOf).join(','),
    consistency: kindOf(level),
  };
}

/** What is kept of a write differs between the kinds, so that a data directory is of one. */
export function kindOf(level: Level): Owner['consistency'] {
  return POLICIES[level].engine === 'ordered' ? 'ordered' : 'eventual';
}

/** The settings that are the same for every controller of a cluster. */
export type SharedSettings = Omit<Settings, 'self' | 'storeAddress'>;
