import { Fifo } from '../../base/fifo.ts';
import { type Effect, effectBytes } from '../../ordering/effect.ts';
import type { Stretch } from '../../ordering/stretches.ts';
import type { Attached } from '../convergent/messages.ts';
import type { SyncResponse, SyncShows } from './messages.ts';

/** What an exchange needs at a level at which what it brings is shown as a whole. */
export interface WholeExchanges {
  /** Clients are served: what is shown here has to stay causally closed. */
  readonly isServing: () => boolean;
  /** What would have to be known here for all to be causally closed that is shown here; empty where it is. */
  readonly lacks: () => readonly Stretch[];
  /** What is shown here, as of now. */
  readonly shows: () => readonly Stretch[];
  readonly attachedTo: (effects: readonly Effect[]) => readonly Attached[];
  /** Writes of an exchange are shown from now on. A crash may leave a part of them: until all of this is known here. */
  readonly begin: (shows: readonly Stretch[]) => void;
  /** Takes in one write that a peer has sent. */
  readonly show: (effect: Effect, attached: readonly Attached[]) => void;
  /** All of it is shown now. */
  readonly learn: (shown: readonly Stretch[]) => void;
  /** What is shown from now on is not causally closed: no client is served until all of this is known here. */
  readonly becomeMixed: (needs: readonly Stretch[]) => void;
}

/** What all exchanges may stage, in bytes. More than this means that a controller was away for long. */
export const STAGED_BYTES_MAX = 67_108_864;

/** What a peer is fed with while it is fed, in bytes. It is fed anew when there is more. */
const NEWS_BYTES_MAX = 33_554_432;

interface StagedPart {
  readonly response: SyncResponse;
  readonly attached: readonly Attached[];
}

/** The parts of an exchange that are not shown yet. */
export class StagedParts {
  #parts: StagedPart[] = [];
  #attached: readonly Attached[] = [];
  bytes = 0;
  /** What the peer showed when it sent the newest part. */
  shows: readonly Stretch[] = [];
  /** What the peer lacked then, for all to be causally closed that it showed. */
  lacks: readonly Stretch[] = [];

  /** Of the part that comes next. */
  expect({ shows, lacks, attached }: SyncShows): void {
    this.shows = shows;
    this.lacks = lacks;
    this.#attached = attached;
  }

  add(response: SyncResponse): void {
    this.#parts.push({ response, attached: this.#attached });
    this.bytes += bytesOf(response.effects);
  }

  take(): readonly StagedPart[] {
    const parts = this.#parts;
    this.#parts = [];
    this.bytes = 0;
    return parts;
  }
}

/**
 * The writes that are shown here since a peer began to be fed. The records that the feed began with may be superseded
 * before they are read, by writes that depend on others that the feed does not have. With these writes added, the peer
 * ends up with what is shown here at one moment, that of the end.
 */
export class FeedNews {
  readonly #effects = new Fifo<Effect>();
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#effects.length === 0;
  }

  /** @returns false when there is too much */
  add(effect: Effect): boolean {
    this.#effects.push(effect);
    this.#bytes += effectBytes(effect);
    return this.#bytes <= NEWS_BYTES_MAX;
  }

  /** Takes the oldest ones: at least one, if there is one, and no more than about so many bytes. */
  take(bytes: number): readonly Effect[] {
    const taken: Effect[] = [];
    for (let left = bytes; left > 0 && !this.isEmpty; ) {
      const effect = this.#effects.shift()!;
      left -= effectBytes(effect);
      this.#bytes -= effectBytes(effect);
      taken.push(effect);
    }
    return taken;
  }
}

function bytesOf(effects: readonly Effect[]): number {
  return effects.reduce((sum, effect) => sum + effectBytes(effect), 0);
}
