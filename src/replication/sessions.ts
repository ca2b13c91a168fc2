import type { JournalRecord } from '../journal/journal.ts';
import type { Gate } from '../membership/gate.ts';
import type { Stretches } from '../ordering/stretches.ts';
import type { SeenPart } from './convergent/messages.ts';
import type { Session } from './request-context.ts';

/** What a scheme does for sessions that go from one controller to another. */
export interface SchemeSessions {
  /** Whether the session has seen anything that this controller may not show yet. */
  isAhead(session: Session): boolean;

  /** Whether this controller may tell the session what these keys hold. While it may not, it looks for what is missing. */
  gate(session: Session, keys: readonly string[]): Gate;

  /** The session goes on from one that has seen this, elsewhere or at another time. */
  join(session: Session, seen: Stretches): void;

  /** A read of the session is issued. @param record what it will bring: undefined where nothing is known of the key */
  onIssue(key: string, record: JournalRecord | undefined, session: Session): void;

  /** The session is told what is known here of the key, beside what reads tell it. */
  note(session: Session, key: string): void;

  /**
   * What the reader of any key of the group depends on, for a group that gets keys of it: what is shown here, and the
   * foreign dependencies.
   */
  legacy(): readonly SeenPart[];

  /** The group gets keys of another one, whose legacy this is. It is recorded before the group serves the keys. */
  inherit(legacy: readonly SeenPart[]): void;
}
