import type { Core } from '../../src/controller/core.ts';
import { majorityOf } from '../../src/placement/configuration.ts';
import { FIRST_SHARD_GROUP } from '../../src/placement/shards.ts';
import type { NodeJournals } from './node-journals.ts';

/** Which ordered shards the runs of a controller have served. A shard serves whether or not other groups do. */
export class ServedShards {
  /** The last run that has served each shard, by the number of its group. */
  readonly #runs = new Map<number, number>();

  /** To be called every few milliseconds. */
  onTick(core: Core, run: number): void {
    for (const { number } of core.groups.all) if (serves(core, number)) this.#runs.set(number, run);
  }

  /** This run has served the shard: it may have answered. */
  has(core: Core | null, run: number, group: number): boolean {
    return this.#runs.get(group) === run || (core !== null && serves(core, group));
  }
}

interface Serving {
  readonly id: number;
  readonly core: Core | null;
  readonly incarnation: number;
  readonly servedShards: ServedShards;
  readonly journals: NodeJournals;
}

/**
 * Of each shard of the start, and of each one that any of the controllers serves, a majority of its members is among
 * those that are left.
 */
export function haveShards(
  all: readonly Serving[],
  left: readonly Serving[],
  shards: readonly number[],
): boolean {
  const haveMembers = (group: number) => {
    const isMember = ({ journals }: Serving) => journals.of(group) !== undefined;
    return left.filter(isMember).length >= majorityOf(all.filter(isMember).length);
  };
  return shards.every(haveMembers) && haveServed(all, left);
}

function haveServed(all: readonly Serving[], left: readonly Serving[]): boolean {
  const has = ({ core, incarnation, servedShards }: Serving, group: number) =>
    servedShards.has(core, incarnation, group);
  return all.every((node) => {
    const groups = node.core?.groups.all ?? [];
    return groups.every(({ number, members }) => {
      if (number < FIRST_SHARD_GROUP || members === null || !has(node, number)) return true;
      const staying = left.filter((one) => members.includes(one.id) && has(one, number));
      return staying.length >= majorityOf(members.length);
    });
  });
}

function serves({ groups }: Core, group: number): boolean {
  const shard = group < FIRST_SHARD_GROUP ? undefined : groups.byNumber[group];
  return shard?.scheme.gate('strong-read').state === 'open';
}
