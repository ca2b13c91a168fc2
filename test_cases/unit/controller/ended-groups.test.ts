import { expect, it } from 'vitest';
import { hasEndedIn } from '../../../src/controller/controller-ports.ts';
import { type Gate, OPEN, waitBecause } from '../../../src/membership/gate.ts';
import type { Membership } from '../../../src/membership/membership.ts';
import type { Placement } from '../../../src/placement/agreed-placement.ts';

const NO_LEASE = waitBecause('NO_VIEW', 'there is no view');

/** A placement whose only keyspace has these groups. */
function placementWith(...groups: readonly number[]): Placement {
  const shards = [{ keyspace: 'default', shards: groups.length, groups: groups.map((group) => [group, 0]) }];
  return { epoch: 1, keyspaces: [{ name: 'default', prefix: '', level: 'causal' }], move: null, shards };
}

function viewsWith(placement: Placement | null, acceptedPlacement: Placement | null, gate: Gate = OPEN) {
  return { placement, acceptedPlacement, placementGate: () => gate } as unknown as Membership;
}

it('a group has ended that neither the installed nor the accepted placement names', () => {
  const views = viewsWith(placementWith(16), placementWith(16, 17));
  expect([16, 17, 18].map((group) => hasEndedIn(views, group))).toEqual([false, false, true]);
});

it('groups of levels do not end, and none has where there is no placement', () => {
  expect(hasEndedIn(viewsWith(placementWith(16), placementWith(16)), 2)).toBe(false);
  expect(hasEndedIn(viewsWith(null, null), 18)).toBe(false);
});

it('a controller without a lease may not know the groups that have begun since', () => {
  const views = viewsWith(placementWith(16), placementWith(16), NO_LEASE);
  expect(hasEndedIn(views, 18)).toBe(false);
});
