/** Whether the journal of this controller lets it take part in views. */
export interface JournalHealth {
  /**
   * Why the journal takes no writes, nor will in a moment; empty when it does. Without it the controller can neither
   * promise nor accept.
   */
  readonly journalTrouble: string;
  /** Requests of members have waited for this journal for longer than a silent member is waited for. */
  readonly isStalling: boolean;
  /**
   * Why this controller must not be taken into a view yet: its journal takes no writes, or took none a moment ago.
   * Empty when it may be taken in.
   */
  readonly exclusionReason: string;
}
