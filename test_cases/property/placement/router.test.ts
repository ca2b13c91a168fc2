import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Keyspace } from '../../../src/placement/keyspaces.ts';
import { Router } from '../../../src/placement/router.ts';

/** Words of few letters, so that many of them begin with each other. */
const word = fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 6 });

/** Keyspaces of distinct prefixes, the empty one among them, over at most three groups. */
const keyspaces = fc
  .uniqueArray(word, { maxLength: 12 })
  .chain((prefixes) =>
    fc.shuffledSubarray([...new Set([...prefixes, ''])], { minLength: new Set([...prefixes, '']).size }),
  )
  .chain((prefixes) =>
    fc
      .array(fc.integer({ min: 0, max: 2 }), { minLength: prefixes.length, maxLength: prefixes.length })
      .map((groups) =>
        prefixes.map((prefix, at) => ({
          name: prefix,
          prefix,
          level: 'sequential' as const,
          policy: prefix,
          hold: 'nothing' as const,
          elsewhere: null,
          shards: null,
          group: groups[at]!,
        })),
      ),
  );

/** The slow and obvious way to find a keyspace. */
function keyspaceOf(key: string, all: readonly Keyspace<string, number>[]): Keyspace<string, number> {
  const fitting = all.filter(({ prefix }) => key.slice(0, prefix.length) === prefix);
  return fitting.reduce((longest, one) => (one.prefix.length > longest.prefix.length ? one : longest));
}

describe('the router', () => {
  it('finds the keyspace with the longest prefix of a key', () => {
    fc.assert(
      fc.property(keyspaces, fc.array(word), (all, keys) => {
        const router = new Router(all);
        for (const key of keys) {
          expect(router.of(key)).toBe(keyspaceOf(key, all));
          expect(router.listOf(key)).toEqual([keyspaceOf(key, all)]);
        }
      }),
    );
  });

  it('finds each keyspace of several keys once', () => {
    fc.assert(
      fc.property(keyspaces, fc.array(word, { minLength: 1 }), (all, keys) => {
        const found = new Router(all).listOfEach(keys);
        expect(new Set(found)).toEqual(new Set(keys.map((key) => keyspaceOf(key, all))));
        expect(new Set(found).size).toBe(found.length);
      }),
    );
  });

  it('names every group once', () => {
    fc.assert(
      fc.property(keyspaces, (all) => {
        const { groups } = new Router(all);
        expect(groups.toSorted()).toEqual([...new Set(all.map(({ group }) => group))].toSorted());
      }),
    );
  });
});
