import type { JournalRecord } from '../../journal/journal.ts';
import type { Group } from '../../replication/group.ts';
import type { ControllerRouter } from '../groups.ts';
import { type OneKeyspace, partsHere } from '../status/keyspace-service.ts';

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
  readonly #surplusIn: (group: Group) => number;
  readonly #walks = new Map<Group, KeyWalk>();

  /** @param surplusIn entries of a group that another group serves */
  constructor(router: ControllerRouter, surplusIn: (group: Group) => number) {
    this.#router = router;
    this.#surplusIn = surplusIn;
  }

  of(keyspace: OneKeyspace): number {
    if (keyspace.shards !== null) return keysIn(partsHere(keyspace));
    const { name, group } = keyspace;
    const walk = this.#walks.get(group);
    return walk === undefined ? group.replica.journal.keys - this.#surplusIn(group) : walk.keysOf(name);
  }

  /** To be called every few milliseconds. Keyspaces may have come to share a group, or not to share one any more. */
  onTick(): void {
    const { all } = this.#router;
    if (all.length === 1) return this.#walks.clear();
    const whole = all.filter(({ shards }) => shards === null);
    const serving = new Set(whole.map(({ group }) => group));
    for (const group of this.#walks.keys()) if (!serving.has(group)) this.#walks.delete(group);
    for (const group of serving) {
      const names = new Set(whole.flatMap((one) => (one.group === group ? [one.name] : [])));
      const isShared = names.size > 1;
      if (!isShared) this.#walks.delete(group);
      else if (!this.#walks.has(group)) this.#walks.set(group, new KeyWalk(group, this.#router));
    }
    for (const walk of this.#walks.values()) walk.step();
  }
}

function keysIn(parts: readonly { readonly group: Group }[]): number {
  const groups = new Set(parts.map(({ group }) => group));
  return [...groups].reduce((sum, { replica }) => sum + replica.journal.keys, 0);
}

class KeyWalk {
  readonly #group: Group;
  readonly #router: ControllerRouter;
  /** By the last whole walk. */
  #counted = new Map<string, number>();
  #counting = new Map<string, number>();
  #records: Iterator<JournalRecord> | null = null;
  #pauseSteps = 0;

  constructor(group: Group, router: ControllerRouter) {
    this.#group = group;
    this.#router = router;
  }

  keysOf(name: string): number {
    return this.#counted.get(name) ?? 0;
  }

  step(): void {
    if (this.#records === null && this.#pauseSteps-- > 0) return;
    this.#records ??= this.#group.replica.journal.walk();
    for (let looks = 0; looks < RECORDS_PER_STEP; looks++) {
      const { done, value: record } = this.#records.next();
      if (done === true) return this.#end();
      if (!record.tombstone) this.#add(record.key);
    }
  }

  /** While keys move, the group may have records that another group serves. */
  #add(key: string): void {
    const { name, group } = this.#router.of(key);
    if (group === this.#group) this.#counting.set(name, (this.#counting.get(name) ?? 0) + 1);
  }

  #end(): void {
    this.#counted = this.#counting;
    this.#counting = new Map();
    this.#records = null;
    this.#pauseSteps = STEPS_BETWEEN_WALKS;
  }
}
