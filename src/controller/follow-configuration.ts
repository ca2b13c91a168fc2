import type { ControllerId } from '../base/number-kinds.ts';
import type { Membership } from '../membership/membership.ts';
import { OLDER_RELEASE } from '../peer/cluster-identity.ts';
import { toDrop, without } from '../placement/member-changes.ts';
import type { CorePorts } from './core-ports.ts';

/**
 * What follows by itself from the configuration that the controllers have agreed on. To be called with every tick.
 *
 *  - A peer of an older release can't read the messages of views that have a placement or a configuration, and would go
 *    by its own settings: it is refused.
 *  - A controller that was added once, and was removed, is dropped. The first member of the view asks for that.
 */
export function followConfiguration(
  views: Membership,
  olderPeers: () => readonly ControllerId[],
  ports: CorePorts,
): void {
  if (views.acceptedPlacement !== null || views.configuration.epoch !== undefined)
    for (const peer of olderPeers()) ports.refuse(peer, OLDER_RELEASE);
  dropRemoved(views, ports);
}

function dropRemoved(views: Membership, { settings, clock }: CorePorts): void {
  const { configuration, members } = views.view ?? { configuration: null, members: [] };
  if (configuration === null || members[0]!.node !== settings.self || views.isReconfiguring) return;
  const id = toDrop(configuration, settings.peers.length);
  const to = id === null ? '' : without(configuration, id);
  if (typeof to === 'string') return;
  views.reconfigure({
    from: configuration,
    to,
    reason: `controller ${id} was removed`,
    deadlineMs: clock.nowMs() + settings.requestTimeoutMs,
    isFor: () => true,
    done: () => {},
  });
}
