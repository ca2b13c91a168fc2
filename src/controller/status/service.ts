import type { Core } from '../core.ts';
import type { Settings } from '../settings.ts';

/** Why clients here are not served with reads, as their level asks for; empty when they are. */
export function readTroubleOf(core: Core, { durability }: Pick<Settings, 'durability'>): string {
  const { coordinator, scheme, replica, peers } = core;
  const gate = scheme.gate(coordinator.policy.strongReads ? 'strong-read' : 'read');
  if (gate.state !== 'open') return gate.reason;
  const trouble = replica.storeTrouble();
  if (trouble === null) return '';
  const isElsewhere = durability !== 'none' || peers.silent.length < peers.ids.length;
  return isElsewhere ? '' : `the store is down: ${trouble}; and no other controller is there`;
}

/** Why clients here are not served with writes; empty when they are. */
export function writeTroubleOf({ coordinator }: Core): string {
  const gate = coordinator.gate('write');
  return gate.state === 'open' ? '' : gate.reason;
}
