/** Tells parts that are made later about an event in a part that is made earlier. */
export class Signal {
  readonly #listeners: (() => void)[] = [];

  listen(listener: () => void): void {
    this.#listeners.push(listener);
  }

  readonly raise = (): void => {
    for (const listener of this.#listeners) listener();
  };
}
