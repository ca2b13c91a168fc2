import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HttpPorts } from '../../http/http-ports.ts';
import { keyCountOf } from '../key-counts.ts';
import { failed, ok, SHARD_UNREACHABLE, type ShardedAnswer, send, unable } from './answers.ts';
import { dealtShards } from './dealt-shards.ts';
import { addressIn, fieldsIn, shardCountIn } from './request-body.ts';
import { idsIn, NODES_MIN, type ShardedNode, shardIdsOf, shardOfNode, viewOf } from './sharded-node.ts';

interface ShardRoute {
  Params: { readonly id: string };
}

/** The routes of shards. */
export function addShardRoutes(app: FastifyInstance, ports: HttpPorts, node: ShardedNode): void {
  const { format } = node;
  const path = (rest: string) => `/key-value-store-shard/${rest}`;

  app.get(path('shard-ids'), async (_, reply) => {
    const ids = format.ids(shardIdsOf(node));
    return send(reply, ok({ message: 'Shard IDs retrieved successfully', 'shard-ids': ids }));
  });

  app.get(path('node-shard-id'), async (_, reply) => {
    const message = 'Shard ID of the node retrieved successfully';
    return send(reply, ok({ message, 'shard-id': format.number(shardOfNode(node, ports.self)) }));
  });

  const ofShard = (name: string, answer: (shard: number) => ShardedAnswer | Promise<ShardedAnswer>) =>
    app.get<ShardRoute>(path(`${name}/:id`), async ({ params }, reply) => {
      const shard = shardNamed(params.id, node);
      return send(reply, shard === null ? failed(404, 'Shard does not exist', 'GET') : await answer(shard));
    });

  ofShard('shard-id-members', (shard) => {
    const up = idsIn(node, shard).filter(ports.isUp);
    const members = format.list(up.map((id) => node.nodes[id]!));
    return ok({ message: 'Members of shard ID retrieved successfully', 'shard-id-members': members });
  });

  ofShard('shard-id-key-count', async (shard) => {
    const count = await keyCountIn(idsIn(node, shard), ports);
    if (count === null) return SHARD_UNREACHABLE;
    const message = 'Key count of shard ID retrieved successfully';
    return ok({ message, 'shard-id-key-count': format.number(count) });
  });

  app.put<ShardRoute>(path('add-member/:id'), async (http, reply) =>
    send(reply, memberAnswer(http, node, ports)),
  );

  app.put(path('reshard'), async (http, reply) => send(reply, reshardAnswer(http, node, ports)));
}

/** The shard with this id; null where there is none. */
function shardNamed(id: string, node: ShardedNode): number | null {
  return shardIdsOf(node).find((shard) => String(shard) === id) ?? null;
}

/** How many keys a shard has: by this node if it has the shard, else by the first node that says so; null for none. */
async function keyCountIn(ids: readonly number[], ports: HttpPorts): Promise<number | null> {
  if (ids.includes(ports.self)) return ports.keyCount();
  for (const id of ids.filter(ports.isUp)) {
    const count = await keyCountOf(id, ports);
    if (count !== null) return count;
  }
  return null;
}

function memberAnswer(http: FastifyRequest<ShardRoute>, node: ShardedNode, ports: HttpPorts): ShardedAnswer {
  const address = fieldsOf(http, addressIn);
  if (address === null) return failed(404, "Socket address wasn't sent", 'PUT');
  const shard = shardNamed(http.params.id, node);
  if (shard === null) return failed(401, 'Shard does not exist', 'PUT');
  if (!viewOf(node, ports).includes(address)) return unable('PUT');
  const left = shardOfNode(node, node.nodes.indexOf(address));
  if (left === shard) return { status: 404, body: { message: `Node already in shard ${shard}` } };
  // Every node of the view is in a shard, and cannot be given to another one.
  return idsIn(node, left).length > NODES_MIN
    ? unable('PUT')
    : failed(401, 'The shard of the node would have too few nodes', 'PUT');
}

function reshardAnswer(http: FastifyRequest, node: ShardedNode, ports: HttpPorts): ShardedAnswer {
  const count = fieldsOf(http, shardCountIn);
  if (count === null) return failed(400, 'Shard count is missing', 'PUT');
  const view = viewOf(node, ports);
  if (view.length < count * NODES_MIN) return { status: 400, body: { message: TOO_FEW } };
  return areDealt(view, count, node) ? ok({ message: 'Resharding done successfully' }) : unable('PUT');
}

const TOO_FEW = 'Not enough nodes to provide fault-tolerance with the given shard count!';

/** Dealing out these nodes would give each of them the shard that it has. */
function areDealt(view: readonly string[], count: number, node: ShardedNode): boolean {
  const wanted = dealtShards(view, count);
  const shardOf = (address: string) => shardOfNode(node, node.nodes.indexOf(address)) - 1;
  return (
    count === node.shardCount &&
    wanted.every((nodes, shard) => nodes.every((address) => shardOf(address) === shard))
  );
}

/** What is in the body; null where it is no JSON. */
function fieldsOf<T>(
  http: FastifyRequest,
  read: (fields: ReturnType<typeof fieldsIn>) => T | null,
): T | null {
  try {
    return read(fieldsIn(http));
  } catch {
    return null;
  }
}
