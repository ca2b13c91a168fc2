import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Placement, placementStamp, samePlacement } from '../../../src/placement/agreed-placement.ts';
import { configurationStamp, sameConfiguration } from '../../../src/placement/configuration.ts';
import { settled } from '../../../src/placement/member-changes.ts';
import { isSameOrOlder, NO_STAMP } from '../../../src/placement/stamp.ts';
import { configurationOfSize } from '../../support/configurations.ts';

const placements = fc.record({
  epoch: fc.integer({ min: 1, max: 2 }),
  keyspaces: fc
    .constantFrom('linearizability', 'sequential', 'causal')
    .map((level) => [{ name: 'default', prefix: '', level } as const]),
  move: fc.constant(null),
}) satisfies fc.Arbitrary<Placement>;

it('two placements have one stamp if they are the same', () => {
  fc.assert(
    fc.property(placements, placements, (a, b) => {
      const [one, other] = [placementStamp(a), placementStamp(b)];
      expect(isSameOrOlder(one, other) && isSameOrOlder(other, one)).toBe(samePlacement(a, b));
      expect(isSameOrOlder(one, other)).toBe(a.epoch < b.epoch || samePlacement(a, b));
    }),
  );
});

it('what is configured is older than all that was agreed', () => {
  expect(placementStamp(null)).toEqual(NO_STAMP);
  const configured = configurationOfSize(3);
  expect(configurationStamp(configured)).toEqual(NO_STAMP);
  const agreed = settled(configured);
  expect(isSameOrOlder(NO_STAMP, configurationStamp(agreed))).toBe(true);
  expect(isSameOrOlder(configurationStamp(agreed), NO_STAMP)).toBe(false);
});

it('the order in which the fields of a configuration were read does not count', () => {
  const agreed = settled(configurationOfSize(3));
  const { controllers, ...others } = agreed;
  const read = { ...others, controllers: controllers.map(({ port, host, id }) => ({ port, host, id })) };
  expect(sameConfiguration(agreed, read)).toBe(true);
  expect(configurationStamp(read)).toEqual(configurationStamp(agreed));
});
