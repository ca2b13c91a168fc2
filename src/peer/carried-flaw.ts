import type { InstalledTold } from '../membership/messages.ts';
import { placementFlaw } from '../placement/agreed-placement.ts';
import { configurationFlaw } from '../placement/configuration.ts';

/** @returns what is wrong with what a view carries beside its members, in words; null when nothing is */
export function carriedFlaw({
  placement = null,
  configuration = null,
}: Partial<Pick<InstalledTold, 'placement' | 'configuration'>>): string | null {
  const flaw = placement === null ? null : placementFlaw(placement);
  return flaw ?? (configuration === null ? null : configurationFlaw(configuration));
}
