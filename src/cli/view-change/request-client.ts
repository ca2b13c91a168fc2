import type { InnerClient } from '../../controller/controller.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { Request } from '../../protocol/request.ts';

/**
 * The client of one HTTP request. The request counts as under way until all that was asked of the controller has been
 * answered, also when the client has left before.
 */
export class RequestClient implements Omit<InnerClient, 'destroy'> {
  readonly #inner: InnerClient;
  readonly #onOver: () => void;
  #asks = 0;
  #hasEnded = false;

  constructor(inner: InnerClient, onOver: () => void) {
    this.#inner = inner;
    this.#onOver = onOver;
  }

  get isLast(): boolean {
    return this.#inner.isLast;
  }

  begin(go: (isAdmitted: boolean) => void): void {
    this.#inner.begin(go);
  }

  ask(
    requests: readonly Request[],
    withinMs: number | null,
    answer: (replies: readonly Reply[]) => void,
  ): void {
    if (this.#hasEnded && this.#asks === 0) return;
    this.#asks++;
    this.#inner.ask(requests, withinMs, (replies) => {
      this.#asks--;
      answer(replies);
      this.#endWhenAnswered();
    });
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#endWhenAnswered();
  }

  becomeLast(): void {
    this.#inner.becomeLast();
  }

  onEnding(end: () => void): void {
    this.#inner.onEnding(end);
  }

  hold(bytes: number): boolean {
    return this.#inner.hold(bytes);
  }

  #endWhenAnswered(): void {
    if (!this.#hasEnded || this.#asks > 0) return;
    this.#inner.end();
    this.#inner.destroy();
    this.#onOver();
  }
}
