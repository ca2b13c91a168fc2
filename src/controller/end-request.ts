import type { AbandonedGroup } from './core-ports.ts';

/** Why a controller has to end although its owner has not asked for it. */
export type ControllerEnd =
  /** A client that may do so has asked for it. */
  | { readonly kind: 'shutdown'; readonly reason: string }
  /** No controller can continue from this one's state of a group: the next run starts with that group empty. */
  | ({ readonly kind: 'start-empty' } & AbandonedGroup)
  /** Another process runs under this controller's id. */
  | { readonly kind: 'id-taken'; readonly reason: string };

/** The end of a controller that a part of it has asked for. Only the first request counts. */
export class EndRequest {
  readonly asked: Promise<ControllerEnd>;
  readonly #resolve: (end: ControllerEnd) => void;
  #mustStartEmpty = false;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<ControllerEnd>();
    this.asked = promise;
    this.#resolve = resolve;
  }

  /** The state of this run must not be used any more, whatever was asked for first. */
  get mustStartEmpty(): boolean {
    return this.#mustStartEmpty;
  }

  ask(end: ControllerEnd): void {
    if (end.kind === 'start-empty') this.#mustStartEmpty = true;
    this.#resolve(end);
  }
}
