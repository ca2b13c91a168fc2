import type { Core } from '../core.ts';
import { firstOf } from '../metrics/group-figures.ts';
import type { Settings } from '../settings.ts';
import { type OneKeyspace, readTroubleIn, writeTroubleIn } from './keyspace-service.ts';

/** Why this controller does not serve reads as the level of each keyspace demands; empty when it does. */
export function readTroubleOf(core: Core, { durability }: Pick<Settings, 'durability'>): string {
  const { peers } = core;
  const waiting = firstTrouble(core, readTroubleIn);
  if (waiting !== '') return waiting;
  const trouble = firstOf(core).scheme.storeTrouble();
  if (trouble === null) return '';
  const isElsewhere = durability !== 'none' || peers.silent.length < peers.ids.length;
  return isElsewhere ? '' : `the store is down: ${trouble}; and no other controller is there`;
}

/** Why this controller does not serve the writes of each keyspace; empty when it does. */
export function writeTroubleOf(core: Core): string {
  return firstTrouble(core, writeTroubleIn);
}

/** What the first keyspace with trouble waits for. The keyspace is named where there are several. */
function firstTrouble({ router }: Core, troubleIn: (keyspace: OneKeyspace) => string): string {
  for (const keyspace of router.all) {
    const trouble = troubleIn(keyspace);
    if (trouble !== '') return router.all.length === 1 ? trouble : `${keyspace.name}: ${trouble}`;
  }
  return '';
}
