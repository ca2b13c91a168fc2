/** What `show json` prints, one line: the cluster as one controller sees it. Fields are only ever added. */
export interface Status {
  readonly cluster: string;
  readonly controller: number;
  readonly address: string;
  readonly version: string;
  readonly level: string;
  /** Ready to serve; else `reason` says what it waits for. */
  readonly ready: boolean;
  readonly reason: string;
  readonly uptimeSeconds: number;
  readonly view: ViewStatus;
  readonly requests: { readonly pending: number; readonly completed: number };
  readonly keys: number;
  readonly store: {
    readonly type: string;
    readonly address: string;
    readonly up: boolean;
    readonly reason: string;
  };
  /** Every configured peer, this controller included, in order of id. */
  readonly peers: readonly PeerStatus[];
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
  /** Milliseconds since the last sync with it was completed; null: never. */
  readonly lastSyncMs: number | null;
  /** `member`, `joining`, `catching up`, `down`, or `refused: …` with the reason. */
  readonly role: string;
}
