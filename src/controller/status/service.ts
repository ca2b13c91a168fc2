import { READ_NEEDS, writeGateOf } from '../../consistency/policies.ts';
import type { Core } from '../core.ts';
import { firstOf } from '../metrics/group-figures.ts';
import type { Settings } from '../settings.ts';

/** Why this controller does not serve reads as the level of each keyspace demands; empty when it does. */
export function readTroubleOf(core: Core, { durability }: Pick<Settings, 'durability'>): string {
  const { peers, router } = core;
  for (const { name, policy, group } of router.all) {
    const gate = group.scheme.gate(READ_NEEDS[policy.reads]);
    if (gate.state !== 'open') return router.all.length === 1 ? gate.reason : `${name}: ${gate.reason}`;
  }
  const trouble = firstOf(core).scheme.storeTrouble();
  if (trouble === null) return '';
  const isElsewhere = durability !== 'none' || peers.silent.length < peers.ids.length;
  return isElsewhere ? '' : `the store is down: ${trouble}; and no other controller is there`;
}

/** Why this controller does not serve the writes of each keyspace; empty when it does. */
export function writeTroubleOf({ router }: Core): string {
  for (const { name, group } of router.all) {
    const gate = writeGateOf(group.scheme);
    if (gate.state !== 'open') return router.all.length === 1 ? gate.reason : `${name}: ${gate.reason}`;
  }
  return '';
}
