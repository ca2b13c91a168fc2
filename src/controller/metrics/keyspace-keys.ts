import type { ServedKeyspace } from '../../consistency/policies.ts';
import type { JournalRecord } from '../../journal/journal.ts';
import type { Group } from '../../replication/group.ts';
import type { ControllerRouter } from '../groups.ts';

/** How many records are looked at in one step. It bounds the cost of a step, whatever the number of keys. */
const RECORDS_PER_STEP = 256;

/** How long the walks through the records of a group pause, in steps. */
const STEPS_BETWEEN_WALKS = 250;

/**
 * How many keys each keyspace has.
 *
 * A journal knows the number of its keys. Where several keyspaces share a group, their keys are counted by walking
 * through the journal again and again, a few records at a time, so that no write has to be told apart. The number is
 * then that of the last whole walk.
 */
export class KeyspaceKeys {
  readonly #router: ControllerRouter;
  readonly #walks = new Map<Group, KeyWalk>();

  constructor(router: ControllerRouter) {
    this.#router = router;
  }

  of(keyspace: ServedKeyspace & { readonly group: Group }): number {
    const walk = this.#walks.get(keyspace.group);
    return walk === undefined ? keyspace.group.replica.journal.keys : walk.keysOf(keyspace);
  }

  /** To be called every few milliseconds. Keyspaces may have come to share a group, or not to share one any more. */
  onTick(): void {
    const { all } = this.#router;
    if (all.length === 1) return;
    for (const { group } of all) {
      const isShared = all.filter((one) => one.group === group).length > 1;
      if (!isShared) this.#walks.delete(group);
      else if (!this.#walks.has(group)) this.#walks.set(group, new KeyWalk(group, this.#router));
    }
    for (const walk of this.#walks.values()) walk.step();
  }
}

class KeyWalk {
  readonly #group: Group;
  readonly #router: ControllerRouter;
  /** By the last whole walk. */
  #counted = new Map<ServedKeyspace, number>();
  #counting = new Map<ServedKeyspace, number>();
  #records: Iterator<JournalRecord> | null = null;
  #pauseSteps = 0;

  constructor(group: Group, router: ControllerRouter) {
    this.#group = group;
    this.#router = router;
  }

  keysOf(keyspace: ServedKeyspace): number {
    return this.#counted.get(keyspace) ?? 0;
  }

  step(): void {
    if (this.#records === null && this.#pauseSteps-- > 0) return;
    this.#records ??= this.#group.replica.journal.walk();
    for (let looks = 0; looks < RECORDS_PER_STEP; looks++) {
      const { done, value: record } = this.#records.next();
      if (done === true) return this.#end();
      if (!record.tombstone) this.#add(this.#router.of(record.key));
    }
  }

  #add(keyspace: ServedKeyspace): void {
    this.#counting.set(keyspace, (this.#counting.get(keyspace) ?? 0) + 1);
  }

  #end(): void {
    this.#counted = this.#counting;
    this.#counting = new Map();
    this.#records = null;
    this.#pauseSteps = STEPS_BETWEEN_WALKS;
  }
}
