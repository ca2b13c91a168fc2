/**
 * Runs what is to happen once at the end of an event-loop turn, however often it was asked for: everything
 * that arrived in this turn is answered in as few frames and writes as there are sockets.
 */
export class Turn {
  readonly #steps: readonly (() => void)[];
  #scheduled = false;

  /** @param steps in their order: what one of them produces, the later ones send */
  constructor(steps: readonly (() => void)[]) {
    this.#steps = steps;
  }

  readonly request = (): void => {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  };

  readonly #run = (): void => {
    this.#scheduled = false;
    for (const step of this.#steps) step();
  };
}
