/**
 * Runs steps once at the end of an event-loop turn, however often that was requested: everything that arrived
 * in the turn is then answered with as few frames and writes as there are sockets.
 */
export class Turn {
  #steps: readonly (() => void)[] = [];
  #scheduled = false;

  /**
   * Has to be called in the event-loop turn in which this object was made, so that no request runs without
   * the steps.
   *
   * @param steps in their order: later steps send what earlier ones produce
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
