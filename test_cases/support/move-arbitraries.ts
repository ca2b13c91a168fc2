import fc from 'fast-check';
import type { GoesBy, InstalledTold } from '../../src/membership/messages.ts';
import type { Effect } from '../../src/ordering/effect.ts';
import type { Placement } from '../../src/placement/agreed-placement.ts';
import { settled } from '../../src/placement/member-changes.ts';
import { MOVE_STEPS, type Moving } from '../../src/placement/moving.ts';
import type { SeenPart } from '../../src/replication/convergent/messages.ts';
import type { RangeAsk, RangePart } from '../../src/replication/range-messages.ts';
import { configurationOfSize } from './configurations.ts';

/** Arbitrary messages by which keys get another group. */

const byte = fc.nat({ max: 255 });
const u53 = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER));
const latin1 = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

const stamp = fc.record({ epoch: u53, digest: u53 });

interface MoveArbitraries {
  readonly installed: fc.Arbitrary<InstalledTold>;
  readonly 'goes-by': fc.Arbitrary<GoesBy>;
  readonly moving: fc.Arbitrary<Moving>;
  readonly 'range-ask': fc.Arbitrary<RangeAsk>;
  readonly 'range-part': fc.Arbitrary<RangePart>;
}

export function moveArbitraries(
  effectLists: fc.Arbitrary<Effect[]>,
  seenParts: fc.Arbitrary<SeenPart[]>,
  placements: fc.Arbitrary<Placement>,
): MoveArbitraries {
  return {
    installed: fc.record({
      type: fc.constant('installed'),
      placement: fc.option(placements),
      configuration: fc.option(fc.constant({ ...settled(configurationOfSize(3)), before: [0, 1, 2] })),
    }),
    'goes-by': fc.record({
      type: fc.constant('goes-by'),
      placement: stamp,
      configuration: stamp,
      hears: fc.array(byte, { maxLength: 7 }),
    }),
    moving: fc.record({
      type: fc.constant('moving'),
      epoch: u53,
      step: fc.constantFrom(...MOVE_STEPS),
      done: u53,
      total: u53,
      trouble: latin1,
    }),
    'range-ask': fc.record({ type: fc.constant('range-ask'), from: byte, to: byte, copy: u53, barrier: u53 }),
    'range-part': fc.record({
      type: fc.constant('range-part'),
      from: byte,
      to: byte,
      copy: u53,
      state: fc.constantFrom('more', 'little', 'end', 'anew'),
      trouble: latin1,
      effects: effectLists,
      depends: seenParts,
    }),
  };
}
