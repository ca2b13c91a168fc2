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
  readonly view: { readonly ballot: string; readonly members: readonly number[] };
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
  /** `member`, `joining`, `down`, or `refused: …` with the reason. */
  readonly role: string;
}
