import type { Random } from '../../base/random.ts';
import type { MiniKvClientOptions } from './client-options.ts';

/** The part of a connection that a load needs. */
export interface MiniKvStore {
  get(key: string): Promise<unknown>;
  put(key: string, value: string): Promise<void>;
}

export type LoadOptions = Pick<
  MiniKvClientOptions,
  'keyOffset' | 'keyRange' | 'valuePrefix' | 'writeChance' | 'operations'
>;

/** What `random-ops` writes. */
const WRITTEN_AT_RANDOM = 'foobar';

/** A read has found another value than it had to. */
export class WrongValue extends Error {
  constructor(key: string, expected: string, got: unknown) {
    super(`Invalid value for key "${key}". Expected "${expected}", but got "${shown(got)}".`);
  }
}

/** A missing value is `None`, and a text is shown as it is. */
function shown(value: unknown): string {
  if (value === null) return 'None';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Writes all keys, in their order. */
export async function fill(store: MiniKvStore, options: LoadOptions): Promise<void> {
  for (const number of numbersOf(options)) await store.put(keyOf(number), filledValueOf(number, options));
}

/** Reads all keys, in their order. @throws WrongValue for the first one with another value than `fill` writes */
export async function checkValues(store: MiniKvStore, options: LoadOptions): Promise<void> {
  for (const number of numbersOf(options)) {
    const expected = filledValueOf(number, options);
    const got = await store.get(keyOf(number));
    if (got !== expected) throw new WrongValue(keyOf(number), expected, got);
  }
}

/**
 * Reads and writes keys at random. A key that this load has written has that value from then on; another one has the
 * value of `fill`, or that of another load at random.
 *
 * @throws WrongValue
 */
export async function randomOps(store: MiniKvStore, options: LoadOptions, random: Random): Promise<void> {
  const written = new Set<number>();
  for (let left = options.operations; left > 0; left--) {
    const number = options.keyOffset + Math.floor(random() * options.keyRange);
    const key = keyOf(number);
    if (random() * 100 < options.writeChance) {
      await store.put(key, WRITTEN_AT_RANDOM);
      written.add(number);
      continue;
    }
    const got = await store.get(key);
    const expected = written.has(number) ? WRITTEN_AT_RANDOM : filledValueOf(number, options);
    if (got !== expected && got !== WRITTEN_AT_RANDOM) throw new WrongValue(key, expected, got);
  }
}

function* numbersOf({ keyOffset, keyRange }: LoadOptions): Generator<number> {
  for (let number = keyOffset; number < keyOffset + keyRange; number++) yield number;
}

function keyOf(number: number): string {
  return `key${number}`;
}

function filledValueOf(number: number, { valuePrefix }: LoadOptions): string {
  return `${valuePrefix}${number}`;
}
