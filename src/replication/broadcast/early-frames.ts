import type { ControllerId } from '../../base/number-kinds.ts';
import { effectBytes } from '../../ordering/effect.ts';
import type { OrderedFrame } from './messages.ts';

/** Frames of the view that is accepted and not yet installed here, in the order in which they came. */
export class EarlyFrames {
  readonly #bytesMax: number;
  #frames: { readonly from: ControllerId; readonly frame: OrderedFrame }[] = [];
  #bytes = 0;

  constructor(queueBytesMax: number) {
    this.#bytesMax = QUEUES_MAX * queueBytesMax;
  }

  /** Adds a frame. @returns false when it does not fit; then no later frame of its sender may be used either */
  add(from: ControllerId, frame: OrderedFrame): boolean {
    let bytes = FRAME_BYTES;
    for (const effect of frame.effects) bytes += effectBytes(effect);
    if (this.#bytes + bytes > this.#bytesMax) return false;
    this.#bytes += bytes;
    this.#frames.push({ from, frame });
    return true;
  }

  /** Takes all of them out. */
  take(): readonly { readonly from: ControllerId; readonly frame: OrderedFrame }[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    return frames;
  }
}

/** The frames may take so many times `queue_bytes_max`. */
const QUEUES_MAX = 4;

/** What a frame counts for beside its writes, in bytes. */
const FRAME_BYTES = 256;
