import type { Core } from '../../src/controller/core.ts';
import { FIRST_SHARD_GROUP } from '../../src/placement/shards.ts';

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

function serves({ groups }: Core, group: number): boolean {
  const shard = group < FIRST_SHARD_GROUP ? undefined : groups.byNumber[group];
  return shard?.scheme.gate('strong-read').state === 'open';
}
