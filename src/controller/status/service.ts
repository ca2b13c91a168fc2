import type { Core } from '../core.ts';
import { firstOf } from '../metrics/group-figures.ts';
import type { Settings } from '../settings.ts';
import { type OneKeyspace, readTroubleIn, writeTroubleIn } from './keyspace-service.ts';

/** Why this controller does not serve reads as the level of each keyspace demands; empty when it does. */
export function readTroubleOf(core: Core, { durability }: Pick<Settings, 'durability'>): string {
  const { peers } = core;
  const waiting = troubleOf(core, readTroubleIn);
  if (waiting !== '') return waiting;
  const trouble = firstOf(core).scheme.storeTrouble();
  if (trouble === null) return '';
  const isElsewhere = durability !== 'none' || peers.silent.length < peers.ids.length;
  return isElsewhere ? '' : `the store is down: ${trouble}; and no other controller is there`;
}

/** Why this controller does not serve the writes of each keyspace; empty when it does. */
export function writeTroubleOf(core: Core): string {
  return troubleOf(core, writeTroubleIn);
}

function troubleOf({ router }: Core, troubleIn: (keyspace: OneKeyspace) => string): string {
  if (router.all.length === 1) return troubleIn(router.all[0]!);
  return inKeyspaces(router.all.map((keyspace) => ({ name: keyspace.name, trouble: troubleIn(keyspace) })));
}

/**
 * What keyspaces wait for, with the names of those that wait: `default and carts: no majority; views: catching up`. No
 * names where all keyspaces wait for the same. Empty where none waits.
 */
export function inKeyspaces(all: readonly { readonly name: string; readonly trouble: string }[]): string {
  const waiting = all.filter(({ trouble }) => trouble !== '');
  const byTrouble = Map.groupBy(waiting, ({ trouble }) => trouble);
  const [only] = byTrouble.keys();
  if (only !== undefined && byTrouble.get(only)!.length === all.length) return only;
  return [...byTrouble]
    .map(([trouble, these]) => `${listed([...new Set(these.map(({ name }) => name))])}: ${trouble}`)
    .join('; ');
}

/** `a`, `a and b`, `a, b and c`. */
function listed(names: readonly string[]): string {
  const last = names.at(-1)!;
  return names.length === 1 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
