import type { PeerMessage } from '../../src/peer/messages.ts';
import { describeMessage } from './describe.ts';
import type { Scheduler } from './scheduler.ts';

/** What a transcript shows of the messages between controllers. */
export interface TranscriptOptions {
  /** Types of messages that are left out. */
  readonly leaveOut?: readonly PeerMessage['type'][];
  /** The number of a group whose messages are left out; null for none. */
  readonly withoutGroup?: number | null;
  /** Whether a message has a second line where it arrives, and a number by which that line is found. */
  readonly arrivals: boolean;
}

/**
 * What happened in a run: one line per event, with the virtual time in milliseconds and the controller. A run without a
 * transcript pays nothing for it.
 */
export class Transcript {
  readonly #scheduler: Scheduler;
  readonly #leaveOut: ReadonlySet<string>;
  readonly #withoutGroup: number | null;
  readonly #arrivals: boolean;
  /** The message that was written down last. */
  #last: { from: number; text: string; atMs: number; to: string } | null = null;
  readonly lines: string[] = [];

  constructor(scheduler: Scheduler, { leaveOut = [], withoutGroup = null, arrivals }: TranscriptOptions) {
    this.#scheduler = scheduler;
    this.#leaveOut = new Set(leaveOut);
    this.#withoutGroup = withoutGroup;
    this.#arrivals = arrivals;
  }

  /** @param node whom the event concerns; null: the whole cluster */
  line(node: number | readonly number[] | null, text: string): void {
    const at = this.#scheduler.nowMs.toFixed(3).padStart(10);
    const nodes = node === null ? [] : [node].flat();
    this.lines.push(`${at}  ${nodes.map((id) => `n${id}`).join(' ') || '  '}  ${text}`);
    this.#last = null;
  }

  /** @param number of the message, to find it again where it arrives */
  sent(from: number, to: number, number: number, group: number, message: PeerMessage): void {
    if (this.#leaveOut.has(message.type) || group === this.#withoutGroup) return;
    const text = describeMessage(message);
    if (this.#arrivals) this.line(from, `→ n${to}  #${number} ${text}`);
    else this.#sentToMany(from, `n${to}`, text);
  }

  received(from: number, to: number, number: number, message: PeerMessage): void {
    if (!this.#arrivals || this.#leaveOut.has(message.type)) return;
    this.line(to, `← n${from}  #${number} ${message.type}`);
  }

  /** A message that goes to several controllers at the same time has one line. */
  #sentToMany(from: number, to: string, text: string): void {
    const atMs = this.#scheduler.nowMs;
    const last = this.#last;
    const isSame = last !== null && last.from === from && last.text === text && last.atMs === atMs;
    if (isSame) this.lines.pop();
    const all = isSame ? `${last.to} ${to}` : to;
    this.line(from, `→ ${all}  ${text}`);
    this.#last = { from, text, atMs, to: all };
  }

  toString(): string {
    return `${this.lines.join('\n')}\n`;
  }
}
