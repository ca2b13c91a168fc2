import type { RequestFailure } from '../../base/error-codes.ts';
import type { GroupNumber } from '../../base/number-kinds.ts';
import type { HopAnswer } from '../../replication/hop/messages.ts';

/** What waits here for the answer of another controller. */
export interface Waiter {
  /** The request may be sent to another member although this one may have carried it out: it changes nothing. */
  readonly isRead: boolean;
  /** The client has been answered, or has sent further requests that must not be overtaken. */
  readonly isPast: boolean;
  /** The request is sent to another member, and later ones of the client must not overtake it. */
  onAskedAgain(): void;
  onAnswer(answer: HopAnswer, tookMs: number): void;
  /** The member does not have the key: the request was not carried out, and is begun anew where the key is by now. */
  onMoved(group: GroupNumber): void;
  /** The request was certainly not carried out. */
  onRefused(failure: RequestFailure): void;
  /** The member went away before it answered: the request may have been carried out. */
  onLost(reason: string): void;
}
