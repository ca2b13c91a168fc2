import type { Link } from './link.ts';

/** A handshake must end within this time, in milliseconds. */
const WITHIN_MS = 2_000;

/** Most callers in a handshake at once. When a further one comes, the oldest is closed. */
export const CALLERS_MAX = 64;

/** Links whose other end has not proved who it is. Their number is bounded, and the time that each may take. */
export class PendingHandshakes {
  readonly #timers = new Map<Link, NodeJS.Timeout>();
  /** The links whose connection the other end made, oldest first. */
  readonly #callers = new Set<Link>();

  /** @param isCaller the other end made the connection, which any process can */
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
