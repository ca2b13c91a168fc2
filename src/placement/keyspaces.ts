/** The keys that begin with a prefix, as far as no keyspace with a longer prefix has them. */
export interface Keyspace<Policy, Group> {
  /** Empty for the default keyspace, which has every key that no other one has. */
  readonly prefix: string;
  /** What the level of the keyspace asks for. */
  readonly policy: Policy;
  /** What replicates these keys. */
  readonly group: Group;
}

/** A keyspace, and the list that has it alone: made once, so that nothing is allocated for a request. */
interface Listed<K> {
  readonly keyspace: K;
  readonly alone: readonly [K];
}

/** Finds the keyspace of a key: the longest prefix wins. */
export class Keyspaces<K extends Pick<Keyspace<unknown, unknown>, 'prefix'>> {
  readonly #longestFirst: readonly Listed<K>[];
  readonly #default: Listed<K>;

  /** @throws when two of them have the same prefix, or none has the empty one */
  constructor(keyspaces: readonly K[]) {
    const prefixes = new Set(keyspaces.map(({ prefix }) => prefix));
    if (prefixes.size < keyspaces.length) throw new Error('two keyspaces have the same prefix');
    const listed = keyspaces.map((keyspace): Listed<K> => ({ keyspace, alone: [keyspace] }));
    this.#longestFirst = listed
      .filter(({ keyspace }) => keyspace.prefix !== '')
      .sort((a, b) => b.keyspace.prefix.length - a.keyspace.prefix.length);
    const empty = listed.find(({ keyspace }) => keyspace.prefix === '');
    if (empty === undefined) throw new Error('no keyspace has the empty prefix');
    this.#default = empty;
  }

  of(key: string): K {
    return this.#find(key).keyspace;
  }

  /** The keyspace of the key, as a list that is the same one every time. */
  listOf(key: string): readonly K[] {
    return this.#find(key).alone;
  }

  #find(key: string): Listed<K> {
    // By index, since this is done for every request: an iterator would be made for each.
    for (let at = 0; at < this.#longestFirst.length; at++) {
      const listed = this.#longestFirst[at]!;
      if (key.startsWith(listed.keyspace.prefix)) return listed;
    }
    return this.#default;
  }
}
