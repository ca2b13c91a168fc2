/**
 * A reason that is told to peers again and again, in every heartbeat: cut to a size, and free of control characters,
 * since it comes from the system and ends on somebody's terminal. Worked out once for each new reason, not each time.
 */
export class Note {
  #reason = '';
  #text = '';

  of(reason: string): string {
    if (reason !== this.#reason) {
      this.#reason = reason;
      this.#text = reasonTextOf(reason);
    }
    return this.#text;
  }
}

/** Most characters of a note; a peer that sends more is no peer. */
export const REASON_CHARS_MAX = 240;

/** What a peer sent as a note is one: text that may be logged and shown as it is. */
export function isReasonText(text: string, charsMax = REASON_CHARS_MAX): boolean {
  return text.length <= charsMax && /^[\x20-\x7e\xa0-\xff]*$/.test(text);
}

export function reasonTextOf(reason: string): string {
  const printable = reason.replace(/[^\x20-\x7e\xa0-\xff]/g, '?');
  return printable.length <= REASON_CHARS_MAX ? printable : `${printable.slice(0, REASON_CHARS_MAX - 1)}~`;
}
