import type { ControllerId } from '../../base/number-kinds.ts';
import { effectBytes } from '../../ordering/effect.ts';
import { askedBytes } from '../chain/asks.ts';
import type { AgreementMessage } from './agreement-messages.ts';

/** Messages of the view that is accepted and not yet installed here, in the order in which they came. */
export class EarlyMessages {
  readonly #bytesMax: number;
  #messages: { readonly from: ControllerId; readonly message: AgreementMessage }[] = [];
  #bytes = 0;

  constructor(queueBytesMax: number) {
    this.#bytesMax = QUEUES_MAX * queueBytesMax;
  }

  /** Adds a message. @returns false when it does not fit; then no later message of its sender may be used either */
  add(from: ControllerId, message: AgreementMessage): boolean {
    let bytes = MESSAGE_BYTES;
    if ('requests' in message) for (const asked of message.requests) bytes += askedBytes(asked);
    if ('effects' in message) for (const effect of message.effects) bytes += effectBytes(effect);
    if (this.#bytes + bytes > this.#bytesMax) return false;
    this.#bytes += bytes;
    this.#messages.push({ from, message });
    return true;
  }

  /** Takes all of them out. */
  take(): readonly { readonly from: ControllerId; readonly message: AgreementMessage }[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}

/** The messages may take so many times `queue_bytes_max`. */
const QUEUES_MAX = 4;

/** What a message counts for beside its writes, in bytes. */
const MESSAGE_BYTES = 256;
