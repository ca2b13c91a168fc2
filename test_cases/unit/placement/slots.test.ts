import { describe, expect, it } from 'vitest';
import { SHARDS_MAX, SLOTS, shardsOfSlots, slotOf } from '../../../src/placement/slots.ts';

function sizesOf(table: Uint8Array): number[] {
  const sizes: number[] = [];
  for (const shard of table) sizes[shard] = (sizes[shard] ?? 0) + 1;
  return sizes;
}

describe('the slot of a key', () => {
  it('is the same in every release', () => {
    expect(['', 'k', 'user:1', 'user:2', '{1}', 'foo{bar}zap'].map(slotOf)).toMatchInlineSnapshot(`
      [
        3021,
        3011,
        2327,
        1936,
        3363,
        153,
      ]
    `);
  });

  it('goes by the text between the first brace and the next, unless that is empty', () => {
    expect(slotOf('a{tag}b')).toBe(slotOf('{tag}'));
    expect(slotOf('a{tag}b')).toBe(slotOf('tag'));
    expect(slotOf('{tag}{other}')).toBe(slotOf('{tag}'));
    expect(slotOf('{a{b}c}')).toBe(slotOf('a{b'));
    expect(slotOf('a{}b{tag}')).not.toBe(slotOf('tag'));
    expect(slotOf('a{tag')).not.toBe(slotOf('tag'));
    expect(slotOf('}{tag}')).toBe(slotOf('tag'));
  });
});

describe('the shards of the slots', () => {
  it('have as many slots as each other, or one more', () => {
    for (let shards = 1; shards <= SHARDS_MAX; shards++) {
      const sizes = sizesOf(shardsOfSlots(shards));
      expect(sizes).toHaveLength(shards);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  });

  it('give slots to a further shard alone, and no more than it has to have', () => {
    for (let shards = 1; shards < SHARDS_MAX; shards++) {
      const [before, after] = [shardsOfSlots(shards), shardsOfSlots(shards + 1)];
      const moved = [...before.keys()].filter((slot) => before[slot] !== after[slot]);
      expect(moved.every((slot) => after[slot] === shards)).toBe(true);
      expect(moved).toHaveLength(Math.floor(SLOTS / (shards + 1)));
    }
  });

  it.each([
    ['numbered keys', (i: number) => `key:${i}`],
    ['padded keys', (i: number) => `user:${String(i).padStart(12, '0')}:profile`],
    ['tagged keys', (i: number) => `order:{${i}}:items`],
  ])('spread %s within ten percent', (_, keyOf) => {
    for (const shards of [2, 3, 7, 16]) {
      const table = shardsOfSlots(shards);
      const counts = new Array<number>(shards).fill(0);
      const keys = shards * 10_000;
      for (let i = 0; i < keys; i++) counts[table[slotOf(keyOf(i))]!]!++;
      for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(1_000);
    }
  });
});
