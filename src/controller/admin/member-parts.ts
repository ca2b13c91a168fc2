import type { ControllerId } from '../../base/number-kinds.ts';
import { shardsNamedIn } from '../../placement/agreed-placement.ts';
import { holdersOf } from '../../placement/reshard.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { ControllerParts } from '../controller-parts.ts';
import type { Core } from '../core.ts';
import type { RoleParts } from '../status/status-report.ts';

/** The parts of a controller that its answers to `member` come from. */
export type MemberParts = RoleParts & Pick<ControllerParts, 'settings' | 'clock'>;

/** The keyspaces that have shards on the controller, or had some before a change that is under way. */
export function keyspacesOver({ levels, groups }: Core, peer: ControllerId): readonly string[] {
  const { placement } = groups.views;
  return (placement === null ? levels.agreedShards : shardsNamedIn(placement))
    .filter((one) => holdersOf([one]).has(peer))
    .map(({ keyspace }) => keyspace);
}

/** Every keyspace has shards, so a controller may follow. */
export function areAllSpread({ levels }: Core): boolean {
  const { agreedShards } = levels;
  return levels.keyspaces.every(({ name }) => agreedShards.some(({ keyspace }) => keyspace === name));
}

export function linesOf(text: string): Reply {
  return { kind: 'lines', lines: text.split('\n') };
}
