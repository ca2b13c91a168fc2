import type { Link } from './link.ts';

/** A handshake must be over within this time. */
const WITHIN_MS = 2_000;

/** Callers that may be in a handshake at once; for a further one, the one that came first is closed. */
export const CALLERS_MAX = 64;

/** Links whose other end is not known yet. What they may take, in time and in number, is bounded. */
export class PendingHandshakes {
  readonly #timers = new Map<Link, NodeJS.Timeout>();
  /** Those that somebody else made, oldest first. */
  readonly #callers = new Set<Link>();

  /** @param isCaller the other end made the connection: anybody may */
  add(link: Link, isCaller: boolean): void {
    if (link.closed) return;
    this.#timers.set(
      link,
      setTimeout(() => link.close('no handshake in time'), WITHIN_MS),
    );
    if (!isCaller) return;
    this.#callers.add(link);
    if (this.#callers.size <= CALLERS_MAX) return;
    const [oldest] = this.#callers;
    oldest!.close('too many handshakes at once');
  }

  end(link: Link): void {
    clearTimeout(this.#timers.get(link));
    this.#timers.delete(link);
    this.#callers.delete(link);
  }

  closeAll(reason: string): void {
    for (const link of this.#timers.keys()) link.close(reason);
  }
}
