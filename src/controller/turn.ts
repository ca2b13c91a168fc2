/**
 * Runs what is to happen once at the end of an event-loop turn, however often it was asked for: everything
 * that arrived in this turn is answered in as few frames and writes as there are sockets.
 */
export class Turn {
  #steps: readonly (() => void)[] = [];
  #scheduled = false;

  /**
   * To be called in the event-loop turn in which this object was made, so that no request is run without its steps.
   *
   * @param steps in their order: what one of them produces, the later ones send
   */
  start(steps: readonly (() => void)[]): void {
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
