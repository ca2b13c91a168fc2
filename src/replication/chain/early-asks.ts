import type { ControllerId } from '../../base/number-kinds.ts';
import { effectBytes } from '../../ordering/effect.ts';
import { askedBytes } from './asks.ts';
import type { ChainAsk, ChainRequest } from './messages.ts';

interface Early {
  readonly from: ControllerId;
  readonly ask: ChainAsk | ChainRequest;
}

/**
 * What the head was asked before it had cluster time. A head that has just been started may have none while the
 * controllers that ask have it. By its own wall clock, which may be wrong, it would stamp versions that every member
 * has to refuse, and would decide by a wrong time which entries have expired.
 */
export class EarlyAsks {
  /** The bytes that one controller may have waiting here. */
  readonly #bytesMax: number;
  #waiting: Early[] = [];
  readonly #bytes = new Map<ControllerId, number>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** @returns what is wrong with the controller that asks; null when nothing is */
  add(from: ControllerId, ask: ChainAsk | ChainRequest): string | null {
    const bytes = (this.#bytes.get(from) ?? 0) + bytesOf(ask);
    if (bytes > this.#bytesMax) return ASKS_TOO_MUCH;
    this.#bytes.set(from, bytes);
    this.#waiting.push({ from, ask });
    return null;
  }

  /** The controller asks again for all of it. */
  forget(from: ControllerId): void {
    if (this.#bytes.delete(from)) this.#waiting = this.#waiting.filter((early) => early.from !== from);
  }

  /** Everything, in the order in which it came. */
  take(): readonly Early[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#bytes.clear();
    return waiting;
  }
}

/** A controller bounds what it asks for by its own settings, which may differ from those of the head. */
export const ASKS_TOO_MUCH = 'it asks for too much at a time';

/** A message that asks for nothing counts as well. */
function bytesOf(ask: ChainAsk | ChainRequest): number {
  if (ask.type === 'chain-ask')
    return ask.effects.reduce((sum, effect) => sum + effectBytes(effect), MESSAGE_BYTES);
  return ask.requests.reduce((sum, asked) => sum + askedBytes(asked), MESSAGE_BYTES);
}

const MESSAGE_BYTES = 128;
