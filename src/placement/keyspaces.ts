import { InvariantError } from '../base/invariant-error.ts';
import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import type { KeyspaceSettings } from './placement.ts';

/** The keys of a keyspace that one group has: all of them, or those of one shard. */
export interface KeyspacePart<Policy, Group> extends KeyspaceSettings {
  /** The policy of the keyspace's level. */
  readonly policy: Policy;
  /** The group that replicates these keys. Of a shard elsewhere: the group of its level, which has none of its keys. */
  readonly group: Group;
  readonly hold: Hold;
  /** Null where this controller has a part in the group of these keys. */
  readonly elsewhere: ShardElsewhere | null;
}

/** The keys that begin with a prefix, except those that begin with the longer prefix of another keyspace. */
export interface Keyspace<Policy, Group> extends KeyspacePart<Policy, Group> {
  /** Null where one group has all keys of the keyspace. */
  readonly shards: Shards<KeyspacePart<Policy, Group>> | null;
}

/** The shards of a keyspace. */
export interface Shards<Part> {
  /** By the numbers of the shards. */
  readonly all: readonly Part[];
  /** The shard of each slot. */
  readonly bySlot: readonly Part[];
}

/** A shard whose entries other controllers have, and not this one. */
export interface ShardElsewhere {
  readonly group: GroupNumber;
  /** For people: `shard 2 of default`. */
  readonly name: string;
  /** The name of the keyspace. */
  readonly keyspace: string;
  readonly members: readonly ControllerId[];
}

/** Which requests wait while the keyspace is moved to another group. */
export type Hold = 'nothing' | 'writes' | 'all';

/** A keyspace, and a list of it alone. The list is made once, so that no request allocates one. */
interface Listed<K> {
  readonly keyspace: K;
  readonly alone: readonly [K];
}

/** Finds the keyspace of a key: the longest prefix wins. */
export class Keyspaces<K extends Pick<KeyspaceSettings, 'prefix'>> {
  readonly #longestFirst: readonly Listed<K>[];
  readonly #default: Listed<K>;

  /** @throws when two keyspaces have the same prefix, or none has the empty one */
  constructor(keyspaces: readonly K[]) {
    const prefixes = new Set(keyspaces.map(({ prefix }) => prefix));
    if (prefixes.size < keyspaces.length) throw new InvariantError('two keyspaces have the same prefix');
    const listed = keyspaces.map((keyspace): Listed<K> => ({ keyspace, alone: [keyspace] }));
    this.#longestFirst = listed
      .filter(({ keyspace }) => keyspace.prefix !== '')
      .sort((a, b) => b.keyspace.prefix.length - a.keyspace.prefix.length);
    const empty = listed.find(({ keyspace }) => keyspace.prefix === '');
    if (empty === undefined) throw new InvariantError('no keyspace has the empty prefix');
    this.#default = empty;
  }

  of(key: string): K {
    return this.#find(key).keyspace;
  }

  /** The keyspace of the key, as a list. The same list is returned every time. */
  listOf(key: string): readonly K[] {
    return this.#find(key).alone;
  }

  #find(key: string): Listed<K> {
    // By index: a `for … of` would allocate an iterator for each request.
    for (let at = 0; at < this.#longestFirst.length; at++) {
      const listed = this.#longestFirst[at]!;
      if (key.startsWith(listed.keyspace.prefix)) return listed;
    }
    return this.#default;
  }
}
