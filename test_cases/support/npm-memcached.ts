import { createRequire } from 'node:module';
import { HANGS_AFTER_MS } from './hang.ts';

/** The part of the npm package `memcached` that the tests use; the package has no types. */
interface CallbackClient {
  set(key: string, value: Value, lifetimeS: number, done: Callback<boolean>): void;
  add(key: string, value: Value, lifetimeS: number, done: Callback<boolean>): void;
  replace(key: string, value: Value, lifetimeS: number, done: Callback<boolean>): void;
  append(key: string, value: string, done: Callback<boolean>): void;
  prepend(key: string, value: string, done: Callback<boolean>): void;
  cas(key: string, value: Value, cas: string, lifetimeS: number, done: Callback<boolean>): void;
  get(key: string, done: Callback<Value | undefined>): void;
  gets(key: string, done: Callback<{ readonly cas: string } | undefined>): void;
  getMulti(keys: readonly string[], done: Callback<Record<string, Value>>): void;
  incr(key: string, delta: number, done: Callback<number | boolean>): void;
  decr(key: string, delta: number, done: Callback<number | boolean>): void;
  touch(key: string, lifetimeS: number, done: Callback<boolean>): void;
  del(key: string, done: Callback<boolean>): void;
  flush(done: Callback<unknown>): void;
  version(done: Callback<readonly { readonly version: string }[]>): void;
  stats(done: Callback<readonly Record<string, unknown>[]>): void;
  end(): void;
}

type Value = string | number | boolean | object;
type Callback<T> = (error: Error | undefined, result: T) => void;

type Verb = Exclude<keyof CallbackClient, 'end'>;

const Memcached = createRequire(import.meta.url)('memcached') as new (
  servers: string | readonly string[],
  options: Readonly<Record<string, unknown>>,
) => CallbackClient;

/** The npm client as an application uses it, with promises. */
export class NpmClient {
  readonly #client: CallbackClient;

  constructor(servers: readonly string[]) {
    this.#client = new Memcached(servers, { timeout: HANGS_AFTER_MS, retries: 0, reconnect: 100 });
  }

  call<T>(verb: Verb, ...words: readonly unknown[]): Promise<T> {
    return new Promise((resolve, reject) => {
      const done: Callback<T> = (error, result) => (error ? reject(error) : resolve(result));
      const method = this.#client[verb] as (...all: unknown[]) => void;
      method.call(this.#client, ...words, done);
    });
  }

  end(): void {
    this.#client.end();
  }
}
