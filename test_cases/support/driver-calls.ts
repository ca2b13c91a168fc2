import type { KvDriver, StoreError, StoreState } from '../../src/store/driver.ts';

/** The operations of a driver as promises; an error rejects. */
export function read(driver: KvDriver, key: string): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    driver.get(key, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
}

export function write(driver: KvDriver, key: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    driver.set(key, bytes, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** @returns whether there was something under the key */
export function append(driver: KvDriver, key: string, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    driver.append(key, bytes, (error, found) => (error === null ? resolve(found) : reject(error)));
  });
}

export function remove(driver: KvDriver, key: string): Promise<void> {
  return new Promise((resolve, reject) => {
    driver.delete(key, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** The error that an operation fails with; throws when the operation succeeds. */
export async function failure(operation: Promise<unknown>): Promise<StoreError> {
  const outcome = await operation.then(
    () => null,
    (error: StoreError) => error,
  );
  if (outcome === null) throw new Error('the operation was expected to fail');
  return outcome;
}

/** Records the states of a driver. */
export class StateWatch {
  readonly states: StoreState[] = [];
  #waiting: (() => void)[] = [];

  readonly onStateChange = (state: StoreState): void => {
    this.states.push(state);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  };

  get up(): boolean {
    return this.states.at(-1)?.up ?? false;
  }

  async until(up: boolean): Promise<void> {
    while (this.states.length === 0 || this.up !== up) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
