import { ROOT_GROUP } from '../../../membership/peer-bus.ts';
import { nameOfShard } from '../../../placement/shards.ts';
import { SCHEMES } from '../../../replication/schemes.ts';
import type { ControllerParts } from '../../controller-parts.ts';
import { MEMCACHED_VERSION, VERSION } from '../../product.ts';
import { lagBehind } from '../group-figures.ts';
import { type Family, type Sample, type Scrape, single } from './family.ts';

/** This controller and its peers: who it is, what it hears of each, and its view. */
export const CLUSTER_FAMILIES: readonly Family[] = [
  {
    name: 'memchorus_build_info',
    type: 'info',
    help: 'What runs here: the controller, its cluster and its versions.',
    read: ({ parts: { settings } }) => [
      {
        labels: {
          cluster: settings.cluster,
          controller: `${settings.self}`,
          version: VERSION,
          memcached_version: MEMCACHED_VERSION,
          node_version: process.version,
        },
        value: 1,
      },
    ],
  },
  {
    name: 'memchorus_peer_up',
    type: 'gauge',
    help: 'The peer was heard of within the threshold.',
    read: (scrape) => ofPeers(scrape, (peer) => (scrape.parts.core.peers.isUp(peer) ? 1 : 0)),
  },
  {
    name: 'memchorus_peer_behind_writes',
    type: 'gauge',
    help: 'Writes missing here that the peer is known to have.',
    read: (scrape) => ofPeers(scrape, (peer) => lagBehind(scrape.parts.core, peer).writes),
  },
  {
    name: 'memchorus_peer_behind_seconds',
    type: 'gauge',
    help: 'Time since this controller had all that the peer had told of; none before the first time.',
    read: (scrape) => ofPeers(scrape, (peer) => toSeconds(lagBehind(scrape.parts.core, peer).ms)),
  },
  {
    name: 'memchorus_view_members',
    type: 'gauge',
    help: 'Members of the view that this controller serves in; 0 while it serves in none. One for each ordered group.',
    read: ({ parts }) => viewSizes(parts),
  },
  {
    name: 'memchorus_lease_left_seconds',
    type: 'gauge',
    help: 'Time for which strong reads may be served without another grant, where a keyspace is ordered.',
    read: ({ parts: { core } }) => single(toSeconds(core.leaseLeftMs)),
  },
];

/** The root group has no label, as it has always been there. */
function viewSizes({ core: { groups } }: ControllerParts): readonly Sample[] {
  return groups.all.flatMap(({ number, schemeName, scheme: { views } }) => {
    if (views === null) return [];
    const shard = groups.shards.find((one) => one.number === number)?.shard;
    const group = shard === undefined ? SCHEMES[schemeName].word : nameOfShard(shard);
    const labels: Sample['labels'] = number === ROOT_GROUP ? {} : { group };
    return [{ labels, value: views.view?.members.length ?? 0 }];
  });
}

function ofPeers({ parts }: Scrape, read: (peer: number) => number): readonly Sample[] {
  const { peers } = parts.core;
  return peers.ids.map((peer) => ({ labels: { peer: peers.nameOf(peer) }, value: read(peer) }));
}

/** Not a number where there is none. A lease that needs no grant lasts forever. */
function toSeconds(ms: number | null): number {
  return ms === null ? Number.NaN : ms / 1000;
}
