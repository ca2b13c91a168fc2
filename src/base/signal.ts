/** Tells that something has happened, from a part that is made early to parts that are made later. */
export class Signal {
  readonly #listeners: (() => void)[] = [];

  listen(listener: () => void): void {
    this.#listeners.push(listener);
  }

  readonly raise = (): void => {
    for (const listener of this.#listeners) listener();
  };
}
