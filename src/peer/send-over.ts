import type { Written } from '../base/byte-writer.ts';
import type { GroupNumber } from '../base/number-kinds.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import { encodeParts } from './codec.ts';
import type { Link } from './link.ts';
import { isOfPlacements, type PeerMessage } from './messages.ts';
import type { PeerLink } from './peer-table.ts';
import { impliedGroup } from './version-2.ts';
import { withoutDifferences } from './version-3.ts';

/**
 * Sends a message to peers, encoded once for each form that they understand. Those that are down or do not know it get
 * nothing.
 *
 * @param linkOf the link of a peer that the message belongs on
 * @param dataGroup see `MeshPorts`
 * @returns whether anything waits to be flushed
 */
export function sendOver(
  peers: readonly PeerLink[],
  linkOf: (peer: PeerLink) => Link | null,
  group: GroupNumber,
  message: PeerMessage,
  dataGroup: GroupNumber,
): boolean {
  let named: Written | null = null;
  let namedOlder: Written | null = null;
  let unnamed: Written | null = null;
  for (const peer of peers) {
    const link = linkOf(peer);
    if (link === null || (isOfPlacements(message) && !link.knowsPlacements)) continue;
    if (link.namesGroups && !link.knowsPlacements) {
      namedOlder ??= encodeParts(group, withoutDifferences(message));
      link.sendEncoded(namedOlder);
    } else if (link.namesGroups) {
      named ??= encodeParts(group, message);
      link.sendEncoded(named);
    } else if (impliedGroup(message, dataGroup) === group) {
      unnamed ??= encodeParts(ROOT_GROUP, withoutDifferences(message));
      link.sendEncoded(unnamed);
    }
  }
  return named !== null || namedOlder !== null || unnamed !== null;
}
