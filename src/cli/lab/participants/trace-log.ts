import type { LabMessage, Participant, SentMessage } from './frames.ts';

/** A message that has arrived. */
export interface TracedMessage {
  readonly sentMs: number;
  readonly arrivedMs: number;
  readonly from: Participant;
  readonly to: Participant;
  /** What it says, in a few words. Keys and values are latin-1 strings. */
  readonly text: string;
}

/** The most messages that a participant keeps until it is asked for them; then the oldest are dropped. */
const KEPT_MAX = 10_000;

/** The messages that one participant has received since it was last asked for them. */
export class TraceLog {
  #messages: TracedMessage[] = [];

  add(from: Participant, to: Participant, arrivedMs: number, { sentMs, message }: SentMessage): void {
    if (this.#messages.length >= KEPT_MAX) this.#messages.splice(0, KEPT_MAX / 10);
    this.#messages.push({ sentMs, arrivedMs, from, to, text: inWords(message) });
  }

  take(): readonly TracedMessage[] {
    const taken = this.#messages;
    this.#messages = [];
    return taken;
  }
}

function inWords(message: LabMessage): string {
  switch (message.type) {
    case 'hello':
      return 'hello';
    case 'put':
      return `put ${message.key} ${message.write.value}`;
    case 'get':
      return `get ${message.key}`;
    case 'answer':
      return answerInWords(message.outcome);
    case 'engine':
      return engineInWords(message.message);
  }
}

function answerInWords(outcome: Extract<LabMessage, { type: 'answer' }>['outcome']): string {
  if (outcome.kind === 'value') return outcome.value;
  if (outcome.kind === 'written') return `written, accept time ${outcome.acceptTime}`;
  return outcome.kind === 'failed' ? outcome.reason : outcome.kind;
}

function engineInWords(message: Extract<LabMessage, { type: 'engine' }>['message']): string {
  if (message.type !== 'sync-response') return message.type;
  const keys = message.effects.map((effect) => ('key' in effect ? effect.key : effect.kind));
  return `${message.type} ${keys.join(' ')}`;
}
