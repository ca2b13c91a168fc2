/** What one controller holds for a key. */
export interface KeyHere {
  /** The name of the key's keyspace, and its level. */
  readonly keyspace: string;
  readonly level: string;
  /**
   * `entry`: clients see it; `expired`: it was there until its expiry; `deleted`: the newest write was a
   * deletion; `none`: nothing is known of the key here; `elsewhere`: the key is in a shard of other controllers.
   */
  readonly state: 'entry' | 'expired' | 'deleted' | 'none' | 'elsewhere';
  /** The version of the newest write, as the CAS token of an entry shows it; null where nothing is known. */
  readonly version: string | null;
  /** When the newest write was stamped, and the id of the controller that did it. */
  readonly writtenAt: string | null;
  readonly writtenBy: number | null;
  /** Null for an entry that never expires, and where there is no entry. */
  readonly expiresAt: string | null;
  /** Of the value; null where there is none. */
  readonly valueBytes: number | null;
  readonly flags: number | null;
  /** SHA-256 of the value, in hexadecimal digits. */
  readonly digest: string | null;
  /** Where the value was found; `missing`: an entry whose value is not here, and would be fetched from a peer. */
  readonly valueIn: 'store' | 'journal' | 'missing' | null;
}

/** A key that clients of one controller ask for often. */
export interface HotKeyHere {
  /** Latin-1, one character a byte. */
  readonly key: string;
  readonly keyspace: string;
  readonly readsPerSecond: number;
  readonly writesPerSecond: number;
}

/** The keys with the largest values, latin-1, and what else is told of them. */
export interface LargeKeysHere {
  readonly keys: readonly { readonly key: string }[];
}
