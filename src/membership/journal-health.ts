/** How far this controller's own journal keeps it from taking part in views. */
export interface JournalHealth {
  /** Why it takes no writes, nor will in a moment: nothing can be promised or accepted either. Empty when it does. */
  readonly journalTrouble: string;
  /** Requests of members have waited for that for longer than a silent member is waited for. */
  readonly isStalling: boolean;
  /** Why this controller is not to be taken back yet: its journal fails, or did a moment ago. Empty when it may be. */
  readonly exclusionReason: string;
}
