import { ROOT_GROUP } from '../../membership/peer-bus.ts';
import type { Peers } from '../../membership/peers.ts';
import type { CorePorts } from '../core-ports.ts';
import type { CoreTime } from '../core-time.ts';
import type { Groups } from '../groups.ts';
import { Mover, type MoverPorts } from './mover.ts';
import { peersTakingPart } from './taking-part.ts';

/** The parts of a controller that its part in moves needs. */
interface MoverParts extends Pick<MoverPorts, 'levels' | 'announce' | 'onChange'> {
  readonly peers: Peers;
  readonly groups: Groups;
  readonly time: CoreTime;
}

export function moverOf(ports: CorePorts, parts: MoverParts): Mover {
  const { settings, incarnation, clock, incarnationOf, openGroup, closeGroup, nextTurn, log } = ports;
  const { peers, groups, levels, time, announce, onChange } = parts;
  return new Mover({
    node: settings.self,
    incarnation,
    // mutant: waits-for-no-missing-controller
    peers: () => peersTakingPart(groups.views, peers.ids),
    groups,
    levels,
    clock,
    agreedMs: () => time.cluster.agreedMs,
    requestTimeoutMs: settings.requestTimeoutMs,
    incarnationOf,
    openGroup,
    closeGroup,
    bus: ports.bus.of(ROOT_GROUP),
    observe: (versionTime) => time.versions.observe(versionTime),
    announce,
    onChange,
    nextTurn,
    log,
  });
}
