import { InvariantError } from '../base/invariant-error.ts';
import { type Keyspace, type KeyspacePart, Keyspaces } from './keyspaces.ts';
import { slotOf } from './slots.ts';

/**
 * Finds what serves a key: key → keyspace → slot → group, here or at another controller. A request for one key goes to
 * one group. A request for several keys is split by the keyspaces and shards of its keys. A request for every key goes
 * to every group.
 */
export class Router<Policy, Group> {
  #all: readonly Keyspace<Policy, Group>[];
  #keyspaces: Keyspaces<Keyspace<Policy, Group>>;
  #hasShards = false;

  /** @throws when two keyspaces have the same prefix, or none has the empty one */
  constructor(keyspaces: readonly Keyspace<Policy, Group>[]) {
    this.#all = keyspaces;
    this.#keyspaces = new Keyspaces(keyspaces);
    this.onRouted();
  }

  /** A keyspace has shards, or is about to have some. */
  get hasShards(): boolean {
    return this.#hasShards;
  }

  /** To be called when the shards of a keyspace may have changed. */
  onRouted(): void {
    this.#hasShards = this.#all.some(({ shards }) => shards !== null);
  }

  /**
   * Every part of a keyspace that is routed by itself. That is every keyspace, except while one of them is changed:
   * then the keys that it gets or gives away are a part of their own, which has the name of the keyspace that it is in.
   */
  get all(): readonly Keyspace<Policy, Group>[] {
    return this.#all;
  }

  /** Every keyspace, by the part of its keys that begin with its own prefix: the first one of its name. */
  get named(): readonly Keyspace<Policy, Group>[] {
    const all = this.#all;
    return all.filter(({ name }, place) => all.findIndex((one) => one.name === name) === place);
  }

  /** Routes by these from now on, which are in the order of their prefixes. @throws as the constructor does */
  route(keyspaces: readonly Keyspace<Policy, Group>[]): void {
    this.#keyspaces = new Keyspaces(keyspaces);
    this.#all = keyspaces;
  }

  /** Every group that this controller has a part in, once. Which group has a keyspace may change. */
  get groups(): readonly Group[] {
    const here = this.parts.filter(({ elsewhere }) => elsewhere === null);
    return [...new Set([...this.#all, ...here].map(({ group }) => group))];
  }

  /** The keyspaces without shards, and the shards of the others. */
  get parts(): readonly KeyspacePart<Policy, Group>[] {
    return this.#all.flatMap((keyspace) => keyspace.shards?.all ?? [keyspace]);
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
    if (this.#all.length === 1) return this.#all;
    return [...new Set(keys.map((key) => this.of(key)))];
  }

  /** The keyspace or shard that has the key, here or elsewhere. */
  partOf(key: string): KeyspacePart<Policy, Group> {
    const keyspace = this.#keyspaces.of(key);
    return keyspace.shards === null ? keyspace : keyspace.shards.bySlot[slotOf(key)]!;
  }

  /** The same, for a key that this controller serves itself. @throws where it does not */
  partHere(key: string): KeyspacePart<Policy, Group> {
    const part = this.partOf(key);
    if (part.elsewhere === null) return part;
    throw new InvariantError(`a key of ${part.elsewhere.name} is not served here`);
  }
}
