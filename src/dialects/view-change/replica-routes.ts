import type { FastifyInstance } from 'fastify';
import { bodyOf } from '../../http/body.ts';
import type { HttpPorts } from '../../http/http-ports.ts';
import { keyCountOf } from '../key-counts.ts';
import { answerOf, type KvsAnswer, send, unable } from './answers.ts';
import { runsOf } from './runs.ts';
import { type ChangeView, isSameView, type NewView, wantedViewIn } from './wanted-view.ts';

/** A shard and the nodes that have its keys. */
interface Shard {
  readonly id: string;
  readonly replicas: readonly string[];
}

/** The view of a node of `replicas`. */
export interface ReplicaView {
  /** The addresses of all nodes, by their ids. */
  readonly nodes: readonly string[];
  /** How many nodes have each key: a divisor of their number. */
  readonly factor: number;
}

/** The routes of a node of `replicas` that concern no key. */
export function addReplicaRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  view: ReplicaView,
  change?: ChangeView,
): void {
  const { nodes } = view;
  const shards = shardsOf(view);
  const countOf = ({ replicas }: Shard) =>
    firstCount(
      replicas.map((address) => nodes.indexOf(address)),
      ports,
    );

  app.get('/kvs/key-count', async (_, reply) => {
    const { id } = shards.find(({ replicas }) => replicas.includes(nodes[ports.self]!))!;
    const message = 'Key count retrieved successfully';
    return send(reply, answerOf(200, { message, 'key-count': ports.keyCount(), 'shard-id': id }));
  });

  app.get('/kvs/shards', async (_, reply) => {
    const message = 'Shard membership retrieved successfully';
    return send(reply, answerOf(200, { message, shards: shards.map(({ id }) => id) }));
  });

  app.get<{ Params: { readonly id: string } }>('/kvs/shards/:id', async ({ params }, reply) => {
    const shard = shards.find(({ id }) => id === params.id);
    if (shard === undefined) return send(reply, SHARD_UNKNOWN);
    const keys = await countOf(shard);
    if (keys === null) return send(reply, unable(503, 'GET'));
    const message = 'Shard information retrieved successfully';
    return send(reply, answerOf(200, { message, ...told(shard, keys) }));
  });

  app.put('/kvs/view-change', async (http, reply) => {
    const body = bodyOf(http);
    const wanted = wantedViewIn(body);
    if ('status' in wanted) return send(reply, wanted);
    const factor = wanted.factor ?? view.factor;
    if (wanted.nodes.length % factor !== 0) return send(reply, NOT_DIVIDED);
    if (change !== undefined) return send(reply, shardsChanged(await change({ ...wanted, factor })));
    const order = { nodes: wanted.nodes, factor };
    if (!isServed(order, view)) return send(reply, unable(503, 'PUT'));
    const counted = await Promise.all(
      shardsOf(order).map(async (shard) => ({ shard, keys: await countOf(shard) })),
    );
    if (counted.some(({ keys }) => keys === null)) return send(reply, unable(503, 'PUT'));
    return send(reply, changedTo(counted.map(({ shard, keys }) => told(shard, keys!))));
  });
}

/** The shards are runs of nodes, in the order of the view. */
function shardsOf({ nodes, factor }: ReplicaView): readonly Shard[] {
  return runsOf(nodes, factor).map((replicas, at) => ({ id: String(at + 1), replicas }));
}

/** The wanted view has the same shards, with the same ids. */
function isServed(wanted: ReplicaView, view: ReplicaView): boolean {
  const [own, others] = [shardsOf(view), shardsOf(wanted)];
  return (
    own.length === others.length &&
    own.every(({ replicas }, at) => isSameView(replicas, others[at]!.replicas))
  );
}

/** How many keys a shard has, by this node if it has the shard, else by the first node that says so; null for none. */
async function firstCount(ids: readonly number[], ports: HttpPorts): Promise<number | null> {
  if (ids.includes(ports.self)) return ports.keyCount();
  for (const id of ids.filter(ports.isUp)) {
    const count = await keyCountOf(id, ports);
    if (count !== null) return count;
  }
  return null;
}

function told({ id, replicas }: Shard, keys: number): object {
  return { 'shard-id': id, 'key-count': keys, replicas };
}

export function shardsChanged(changed: NewView | null): KvsAnswer {
  if (changed === null) return unable(503, 'PUT');
  return changedTo(shardsOf(changed.view).map((shard, at) => told(shard, changed.keys[at]!)));
}

function changedTo(shards: readonly object[]): KvsAnswer {
  return answerOf(200, { message: 'View change successful', shards });
}

export const SHARD_UNKNOWN = answerOf(404, { error: 'Shard does not exist', message: 'Error in GET' });

export const NOT_DIVIDED = answerOf(400, {
  error: 'The replication factor does not divide the number of nodes',
  message: 'Error in PUT',
});
