import { POLICIES, READ_NEEDS } from '../../consistency/policies.ts';
import type { Core } from '../core.ts';
import type { Settings } from '../settings.ts';

/** Why this controller does not serve reads as its level demands; empty when it does. */
export function readTroubleOf(
  core: Core,
  { durability, level }: Pick<Settings, 'durability' | 'level'>,
): string {
  const { peers } = core;
  const { scheme } = core.data;
  const gate = scheme.gate(READ_NEEDS[POLICIES[level].reads]);
  if (gate.state !== 'open') return gate.reason;
  const trouble = scheme.storeTrouble();
  if (trouble === null) return '';
  const isElsewhere = durability !== 'none' || peers.silent.length < peers.ids.length;
  return isElsewhere ? '' : `the store is down: ${trouble}; and no other controller is there`;
}

/** Why this controller does not serve writes; empty when it does. */
export function writeTroubleOf({ coordinator }: Core): string {
  const gate = coordinator.writeGate;
  return gate.state === 'open' ? '' : gate.reason;
}
