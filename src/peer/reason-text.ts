/**
 * A reason that every heartbeat carries: cut to a size, and free of control characters, since it may come from the
 * operating system and is shown on a terminal. The text is made once for each new reason, not once a heartbeat.
 */
export class ReasonText {
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

/** Most characters of a reason; a message with a longer one is refused. */
export const REASON_CHARS_MAX = 240;

/** The text that a peer sent may be logged and shown as it is. */
export function isReasonText(text: string, charsMax = REASON_CHARS_MAX): boolean {
  return text.length <= charsMax && /^[\x20-\x7e\xa0-\xff]*$/.test(text);
}

export function reasonTextOf(reason: string): string {
  const printable = reason.replace(/[^\x20-\x7e\xa0-\xff]/g, '?');
  return printable.length <= REASON_CHARS_MAX ? printable : `${printable.slice(0, REASON_CHARS_MAX - 1)}~`;
}
