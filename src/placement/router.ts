import { type Keyspace, Keyspaces } from './keyspaces.ts';

/**
 * Finds what serves a key: key → keyspace → group. A request for one key goes to one group. A request for several
 * keys is split by the keyspaces of its keys. A request for every key goes to every group.
 */
export class Router<Policy, Group> {
  /** Every keyspace. */
  readonly all: readonly Keyspace<Policy, Group>[];
  readonly #keyspaces: Keyspaces<Keyspace<Policy, Group>>;

  /** @throws when two keyspaces have the same prefix, or none has the empty one */
  constructor(keyspaces: readonly Keyspace<Policy, Group>[]) {
    this.all = keyspaces;
    this.#keyspaces = new Keyspaces(keyspaces);
  }

  /** Every group, once. Which group has a keyspace may change. */
  get groups(): readonly Group[] {
    return [...new Set(this.all.map(({ group }) => group))];
  }

  of(key: string): Keyspace<Policy, Group> {
    return this.#keyspaces.of(key);
  }

  /** The keyspace of the key, as a list of one. */
  listOf(key: string): readonly Keyspace<Policy, Group>[] {
    return this.#keyspaces.listOf(key);
  }

  /** The keyspaces of the keys, each once. */
  listOfEach(keys: readonly string[]): readonly Keyspace<Policy, Group>[] {
    if (this.all.length === 1) return this.all;
    return [...new Set(keys.map((key) => this.of(key)))];
  }
}
