import type { PeerMessage } from '../../src/peer/messages.ts';
import { describeMessage } from './describe.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * What happened in a run, for people: one line per event, with the virtual time in milliseconds and the node.
 * A run without one pays nothing for it.
 */
export class Transcript {
  readonly #scheduler: Scheduler;
  readonly #leaveOut: ReadonlySet<string>;
  readonly lines: string[] = [];

  /** @param leaveOut types of messages that are not worth a line */
  constructor(scheduler: Scheduler, leaveOut: readonly PeerMessage['type'][] = []) {
    this.#scheduler = scheduler;
    this.#leaveOut = new Set(leaveOut);
  }

  /** @param node null for what concerns all */
  line(node: number | null, text: string): void {
    const at = this.#scheduler.nowMs.toFixed(3).padStart(10);
    this.lines.push(`${at}  ${node === null ? '  ' : `n${node}`}  ${text}`);
  }

  /** Words about what follows. */
  say(text: string): void {
    this.lines.push(this.lines.length === 0 ? `# ${text}` : `\n# ${text}`);
  }

  /** @param number of the message, to find it again where it arrives */
  sent(from: number, to: number, number: number, message: PeerMessage): void {
    if (this.#leaveOut.has(message.type)) return;
    this.line(from, `→ n${to}  #${number} ${describeMessage(message)}`);
  }

  received(from: number, to: number, number: number, message: PeerMessage): void {
    if (this.#leaveOut.has(message.type)) return;
    this.line(to, `← n${from}  #${number} ${message.type}`);
  }

  toString(): string {
    return `${this.lines.join('\n')}\n`;
  }
}
