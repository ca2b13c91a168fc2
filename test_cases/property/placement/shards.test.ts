import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plannedShards, type ShardSettings } from '../../../src/placement/shards.ts';

const clusters = fc.integer({ min: 1, max: 20 }).chain((controllers) =>
  fc.record({
    controllers: fc.constant(controllers),
    sharded: fc.array(
      fc.record({
        shards: fc.integer({ min: 2, max: 12 }),
        replicas: fc.integer({ min: 1, max: Math.min(7, controllers) }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    zones: fc.constantFrom(1, 2, 3),
  }),
);

function settingsOf(
  sharded: readonly { readonly shards: number; readonly replicas: number }[],
  zones: readonly string[],
): ShardSettings {
  return { sharded: sharded.map((one, i) => ({ name: `k${i}`, ...one })), zones };
}

it('every shard has its replicas on different controllers, under a number of its own', () => {
  fc.assert(
    fc.property(clusters, ({ controllers, sharded }) => {
      const planned = plannedShards(settingsOf(sharded, []), controllers);
      expect(planned.map(({ group }) => group)).toEqual(planned.map((_, at) => 16 + at));
      for (const [i, { shards, replicas }] of sharded.entries()) {
        const own = planned.filter(({ keyspace }) => keyspace === `k${i}`);
        expect(own.map(({ shard }) => shard)).toEqual(Array.from({ length: shards }, (_, shard) => shard));
        for (const { members } of own) {
          expect(new Set(members).size).toBe(replicas);
          expect(members.every((member) => member >= 0 && member < controllers)).toBe(true);
        }
      }
    }),
  );
});

it('no controller has two replicas more than another', () => {
  fc.assert(
    fc.property(clusters, ({ controllers, sharded }) => {
      const loads = new Array<number>(controllers).fill(0);
      for (const { members } of plannedShards(settingsOf(sharded, []), controllers))
        for (const member of members) loads[member]!++;
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
    }),
  );
});

it('the replicas of a shard are in as many zones as there can be', () => {
  fc.assert(
    fc.property(clusters, ({ controllers, sharded, zones }) => {
      const zoneOf = (controller: number) => `z${controller % zones}`;
      const all = Array.from({ length: controllers }, (_, controller) => zoneOf(controller));
      for (const { members } of plannedShards(settingsOf(sharded, all), controllers)) {
        const used = new Set(members.map(zoneOf)).size;
        expect(used).toBe(Math.min(members.length, new Set(all).size));
      }
    }),
  );
});

it('the order in which the keyspaces are configured changes nothing', () => {
  fc.assert(
    fc.property(clusters, ({ controllers, sharded }) => {
      const settings = settingsOf(sharded, []);
      const reversed = { ...settings, sharded: settings.sharded.toReversed() };
      expect(plannedShards(reversed, controllers)).toEqual(plannedShards(settings, controllers));
    }),
  );
});

it('takes the controllers of each shard as they are stated', () => {
  const members = [[0, 3, 4], [1, 5], [2]];
  const sharded = [{ name: 'default', shards: 3, replicas: 2, members }];
  const planned = plannedShards({ sharded, zones: [] }, 6);
  expect(planned.map((shard) => shard.members)).toEqual(members);
});
