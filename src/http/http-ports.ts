import type { ControllerId, WallMs } from '../base/number-kinds.ts';
import type { Configuration } from '../placement/configuration.ts';
import type { HttpAddress } from './authorities.ts';
import type { EventLog } from './events/event-log.ts';
import type { HotKeyHere, KeyHere, LargeKeysHere } from './keys-here.ts';

/** Whether one side of the service is available; if not, `reason` says why. */
export interface Readiness {
  readonly ready: boolean;
  readonly reason: string;
}

/** Entries of one controller, a page of them. */
export interface EntryPage {
  readonly entries: readonly {
    /** Latin-1. */
    readonly key: string;
    readonly token: bigint;
    /** Null for never. */
    readonly expiresAtMs: WallMs | null;
    /** Null where it is not known. */
    readonly valueBytes: number | null;
  }[];
  /** For the next page; null after the last one. */
  readonly cursor: string | null;
}

/** What the HTTP side needs from the controller that it belongs to. */
export interface HttpPorts {
  readonly version: string;
  readonly self: ControllerId;
  /** All controllers that are known now, in the order of their ids. Another list whenever they change. */
  readonly addresses: () => readonly HttpAddress[];
  /** Names by which clients may reach the controllers, beside those in the addresses. */
  readonly hosts: readonly string[];
  /** The largest body that a request may have, in bytes. */
  readonly bodyBytesMax: number;
  /** Cluster time, milliseconds since 1970; that of this machine while the controllers have not agreed on one. */
  readonly timeMs: () => WallMs;
  /** Whether reads and writes are served now. */
  readonly readiness: () => { readonly reads: Readiness; readonly writes: Readiness };
  /** The state of the cluster as this controller sees it: what `show json` prints. */
  readonly status: () => object;
  /** The metrics of this controller, in Prometheus' text format or in OpenMetrics. */
  readonly metrics: (format: 'text' | 'openmetrics') => Promise<string>;
  /** What `slowlog json` prints. @param count how many requests at most; null for all */
  readonly slowRequests: (count: number | null) => object;
  readonly forgetSlowRequests: () => void;
  /** The levels of the keyspaces: what `keyspace json` prints. */
  readonly levels: () => {
    readonly keyspaces: readonly {
      readonly name: string;
      readonly prefix: string;
      readonly level: string;
      readonly scheme: string | null;
    }[];
  };
  /** The controllers, and which of them vote: what `member json` prints, without what only controllers read. */
  readonly members: () => object;
  /**
   * The newest configuration that this controller knows of the first ordered group with entries, or of the cluster
   * where there is none, and whether it votes there. It may not have been agreed yet.
   */
  readonly known: () => { readonly configuration: Configuration; readonly votes: boolean };
  /** The view that this controller serves in: the members, and the reason of the view. */
  readonly view: () => object;
  /** The connections of its clients. */
  readonly sessions: () => readonly object[];
  /** The figures of the last minutes. @param seconds how many samples are wanted */
  readonly series: (seconds: number) => object;
  /** What has happened here. */
  readonly events: EventLog;
  /** What this controller holds for a key. */
  readonly keyHere: (key: string) => Promise<KeyHere>;
  /** The controllers that have the key, in the order of their ids; null where this one does, whoever else has it. */
  readonly elsewhere: (key: string) => readonly ControllerId[] | null;
  /** The controller that this one asks for the key; null where it has the key itself, or can reach no other that has. */
  readonly askedFor: (key: string) => ControllerId | null;
  /** Whether this controller hears the other one; true for itself. */
  readonly isUp: (controller: ControllerId) => boolean;
  /** How many keys have an entry here. */
  readonly keyCount: () => number;
  /** The keys that clients of this controller ask for most, the hottest first. */
  readonly hotKeys: () => readonly HotKeyHere[];
  /** The keys with the largest values. */
  readonly largeKeys: () => Promise<LargeKeysHere>;
  /**
   * Has a controller carry out commands of the text protocol, as a client of its own. Resolves with what it
   * answered; null when it did not answer completely in time.
   */
  readonly runCommands: (controller: ControllerId, commands: string) => Promise<string | null>;
  /** Entries of this controller whose keys begin with the prefix; null when the cursor is none of this run. */
  readonly keyPage: (prefix: string, cursor: string, limit: number) => EntryPage | null;
  /** Reports an error that no route has foreseen. */
  readonly onFault: (error: Error, request: string) => void;
}
