/** What `show json` prints, one line: the cluster as one controller sees it. Fields are only ever added. */
export interface Status {
  readonly cluster: string;
  readonly controller: number;
  readonly address: string;
  readonly version: string;
  readonly level: string;
  /** Ready for reads and writes; else `reason` says what it waits for. */
  readonly ready: boolean;
  readonly reason: string;
  readonly reads: Service;
  readonly writes: Service;
  readonly uptimeSeconds: number;
  readonly view: ViewStatus;
  readonly time: {
    /** Cluster time, milliseconds since 1970; null while there is none, for which `reason` says why. */
    readonly nowMs: number | null;
    readonly reason: string;
  };
  readonly requests: { readonly pending: number; readonly completed: number };
  readonly keys: number;
  readonly store: {
    readonly type: string;
    readonly address: string;
    readonly up: boolean;
    readonly reason: string;
    /** Which process it is, as far as it says so; empty while nothing is known. */
    readonly instance: string;
    /** Times that another process was found in its place, and that it was found without what was put there. */
    readonly instances: number;
    readonly emptied: number;
  };
  readonly refill: RefillStatus;
  readonly values: ValuesStatus;
  readonly journal: JournalStatus;
  /** Every configured peer, this controller included, in order of id. */
  readonly peers: readonly PeerStatus[];
}

/** Whether clients are served here; else `reason` says why not. */
export interface Service {
  readonly ready: boolean;
  readonly reason: string;
}

/** How the store was last filled with what it had lost; `reason` is empty when it never was. */
export interface RefillStatus {
  readonly running: boolean;
  readonly reason: string;
  /** Keys that were looked at, of how many. */
  readonly done: number;
  readonly total: number;
  /** Values that were put back, from the journal and from peers. */
  readonly fromJournal: number;
  readonly fromPeers: number;
  readonly tookMs: number;
  /** It ended early, since the store began to evict. */
  readonly full: boolean;
}

/** Reads that the store did not answer with the value that it should have, and where the value was found. */
export interface ValuesStatus {
  readonly missing: number;
  /** Of those, the reads that it did not answer at all, since it was away or too slow: it may have the value. */
  readonly unanswered: number;
  readonly fromJournal: number;
  readonly fromPeers: number;
  /** No one had them any more. */
  readonly lost: number;
}

export interface JournalStatus {
  readonly durability: string;
  /** Why it takes no writes now; empty when it does. */
  readonly reason: string;
  /** Records, those of deletes included. */
  readonly entries: number;
  /** In memory, and not on disk yet, in bytes. */
  readonly backlogBytes: number;
  readonly diskBytes: number;
  /** Milliseconds since a flush last ended; null: none has since the start. */
  readonly lastFlushMs: number | null;
  /** Records that were there at the start, and how long it took to read them, in milliseconds. */
  readonly recoveredEntries: number;
  readonly recoveredMs: number;
}

/** The view that the controller serves in; `ballot` is empty when it serves in none, or the level has none. */
export interface ViewStatus {
  readonly ballot: string;
  readonly members: readonly number[];
  /** Why it took the place of the one before. */
  readonly reason: string;
  /** Milliseconds for which strong reads are served without hearing more; null where no lease is needed. */
  readonly leaseLeftMs: number | null;
  /** Controllers that are silent. */
  readonly suspected: readonly number[];
}

export interface PeerStatus {
  readonly id: number;
  readonly address: string;
  /** Heard of within the threshold; true for this controller itself. */
  readonly up: boolean;
  readonly self: boolean;
  /** Milliseconds since anything was heard of it; null: never; 0 for this controller itself. */
  readonly lastHeardMs: number | null;
  readonly syncing: boolean;
  /** Writes that an exchange under way has brought, of how many; null when nothing has come. */
  readonly sync: { readonly writes: number; readonly total: number } | null;
  /** Milliseconds since the last sync with it was completed; null: never. */
  readonly lastSyncMs: number | null;
  /** Milliseconds by which its wall clock is ahead of cluster time; negative: behind; null: not known. */
  readonly clockAheadMs: number | null;
  /** Both are members of the view: each gets what the other takes in, all the time, and no exchanges are needed. */
  readonly inStep: boolean;
  /**
   * `member`, `joining` or `down`; `takes no writes: …`, `refused: …` with the reason. Of this controller itself also
   * `cut off`, from the other members of its last view, and `waiting`, until there are enough to form one.
   */
  readonly role: string;
  /** Why its store can't be used; empty when it can, and when nothing is known. */
  readonly storeTrouble: string;
}
