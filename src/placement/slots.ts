import { hashOfKey } from '../base/key-hash.ts';

/**
 * The slots of a keyspace with shards. A key is in one slot, and a slot is in one shard. The slot of a key never
 * changes, in no release: what is on disk and what clients count on goes by it.
 */

/** How many slots a keyspace with shards has. */
export const SLOTS = 4096;

/** The most shards of one keyspace, so that a shard still has 64 slots: sizes of shards differ by 2 % at most then. */
export const SHARDS_MAX = 64;

/** The slot of a key: by its tag if it has one, else by the whole key. */
export function slotOf(key: string): number {
  return hashOfKey(tagOf(key)) & (SLOTS - 1);
}

/**
 * What decides the slot of a key: the text between its first `{` and the next `}`, if that is not empty. So keys with
 * the same tag are in one shard.
 */
function tagOf(key: string): string {
  const open = key.indexOf('{');
  if (open < 0) return key;
  const close = key.indexOf('}', open + 1);
  return close <= open + 1 ? key : key.slice(open + 1, close);
}

/**
 * The shard of each slot, for a keyspace with so many shards.
 *
 *  1. No shard has two slots more than another.
 *  2. With one shard more, slots move to the new shard alone, and only as many as it has to have.
 *
 * The table for a number of shards is made from the table for one shard less, so it depends on that number alone.
 */
export function shardsOfSlots(shards: number): Uint8Array {
  const table = new Uint8Array(SLOTS);
  for (let newest = 1; newest < shards; newest++) giveTo(table, newest);
  return table;
}

/** Each earlier shard keeps as many slots as it may have, and gives the others to the newest shard. */
function giveTo(table: Uint8Array, newest: number): void {
  const shards = newest + 1;
  const kept = new Array<number>(newest).fill(0);
  for (const [slot, shard] of table.entries()) {
    if (kept[shard]! < slotsOf(shard, shards)) kept[shard]!++;
    else table[slot] = newest;
  }
}

/** How many slots a shard has. The first ones have one more where the slots cannot be divided evenly. */
function slotsOf(shard: number, shards: number): number {
  return Math.floor(SLOTS / shards) + (shard < SLOTS % shards ? 1 : 0);
}
