import type { Version } from '../ordering/version.ts';
import type { EntryReply } from '../protocol/reply.ts';
import type { ConditionalRequest } from '../protocol/request.ts';

/** When an entry was last read at the controller that was asked. Other controllers do not know that. */
export interface LastRead {
  /** The version of the entry that was read. */
  readonly version: Version;
  /** Seconds since 1970. */
  readonly atSec: number;
}

/** A conditional request, as it goes to the controller that decides it. */
export interface Asked {
  readonly request: ConditionalRequest;
  /** Null where the controller that was asked has read no entry of the key. */
  readonly lastRead: LastRead | null;
}

/** The decision on a conditional request. */
export interface ConditionVerdict {
  readonly reply: EntryReply;
  /** The change leaves the item in its place, and with it the time of its last read: see `readTimeAfter`. */
  readonly keepsReadTime: boolean;
}
