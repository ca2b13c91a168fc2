import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HttpPorts } from '../../http/http-ports.ts';
import { failed, ok, type ShardedAnswer, send, unable } from './answers.ts';
import { addressIn, fieldsIn, shardCountIn } from './request-body.ts';
import { type ShardedNode, viewOf } from './sharded-node.ts';

/** The one shard that there is. */
const SHARD = 1;

/** A shard has so many nodes at least. */
const NODES_MIN = 2;

interface ShardRoute {
  Params: { readonly id: string };
}

/** The routes of shards, of which there is one. */
export function addShardRoutes(app: FastifyInstance, ports: HttpPorts, node: ShardedNode): void {
  const { format } = node;
  const path = (rest: string) => `/key-value-store-shard/${rest}`;

  app.get(path('shard-ids'), async (_, reply) =>
    send(reply, ok({ message: 'Shard IDs retrieved successfully', 'shard-ids': format.ids([SHARD]) })),
  );

  app.get(path('node-shard-id'), async (_, reply) => {
    const message = 'Shard ID of the node retrieved successfully';
    return send(reply, ok({ message, 'shard-id': format.number(SHARD) }));
  });

  const ofShard = (name: string, body: () => object) =>
    app.get<ShardRoute>(path(`${name}/:id`), async ({ params }, reply) =>
      send(reply, isShard(params.id) ? ok(body()) : failed(404, 'Shard does not exist', 'GET')),
    );

  ofShard('shard-id-members', () => {
    const members = format.list(viewOf(node, ports));
    return { message: 'Members of shard ID retrieved successfully', 'shard-id-members': members };
  });

  ofShard('shard-id-key-count', () => {
    const count = format.number(ports.keyCount());
    return { message: 'Key count of shard ID retrieved successfully', 'shard-id-key-count': count };
  });

  app.put<ShardRoute>(path('add-member/:id'), async (http, reply) =>
    send(reply, memberAnswer(http, viewOf(node, ports))),
  );

  app.put(path('reshard'), async (http, reply) =>
    send(reply, reshardAnswer(http, viewOf(node, ports).length)),
  );
}

function isShard(id: string): boolean {
  return id === String(SHARD);
}

function memberAnswer(http: FastifyRequest<ShardRoute>, view: readonly string[]): ShardedAnswer {
  const { id } = http.params;
  const address = fieldsOf(http, addressIn);
  if (address === null) return failed(404, "Socket address wasn't sent", 'PUT');
  if (!isShard(id)) return failed(401, 'Shard does not exist', 'PUT');
  // Every node of the view is in the shard, and another one cannot come.
  return view.includes(address)
    ? { status: 404, body: { message: `Node already in shard ${id}` } }
    : unable('PUT');
}

function reshardAnswer(http: FastifyRequest, nodes: number): ShardedAnswer {
  const count = fieldsOf(http, shardCountIn);
  if (count === null) return failed(400, 'Shard count is missing', 'PUT');
  if (nodes < count * NODES_MIN) return { status: 400, body: { message: TOO_FEW } };
  return count === SHARD ? ok({ message: 'Resharding done successfully' }) : unable('PUT');
}

const TOO_FEW = 'Not enough nodes to provide fault-tolerance with the given shard count!';

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
