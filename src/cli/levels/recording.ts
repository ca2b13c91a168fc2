import type { Level } from '../../placement/level.ts';
import type { Script } from './histories.ts';

/** One request of a client, and what it was answered. */
export interface RecordedRequest {
  readonly client: string;
  readonly key: string;
  readonly kind: 'set' | 'get';
  /** What was written or read; null where the read found nothing. */
  readonly value: string | null;
  /** Milliseconds since the history began. */
  readonly sentMs: number;
  readonly answeredMs: number;
  /** It was not answered before the links were released, or before others were that were sent meanwhile. */
  readonly hadToWait: boolean;
  /** How it was answered, where that is no answer of a store: such as that nobody knows. */
  readonly answer?: string;
}

/** What the clients of a script saw at one level. */
export interface Recording {
  readonly script: Script;
  readonly level: Level;
  /** In the order in which they were sent. */
  readonly requests: readonly RecordedRequest[];
  /** When the links were held, and when they were released, in milliseconds since the history began. */
  readonly heldMs: number;
  readonly releasedMs: number;
  /** What each controller had at the end, by key. */
  readonly ends: readonly ReadonlyMap<string, string | null>[];
}
