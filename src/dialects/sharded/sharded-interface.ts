import type { FastifyReply, FastifyRequest } from 'fastify';
import { takeRawBodiesOfGets } from '../../http/body.ts';
import type { HttpPorts } from '../../http/http-ports.ts';
import { type HttpServer, RoutedServer } from '../../http/routed-server.ts';
import { JSON_TYPE } from './answers.ts';
import { FORMATS, type ListFormat } from './format.ts';
import { addKeyRoutes } from './key-routes.ts';
import { addShardRoutes } from './shard-routes.ts';
import type { ShardedNode } from './sharded-node.ts';
import { addViewRoutes } from './view-routes.ts';

export interface ShardedInterfaceOptions extends Omit<ShardedNode, 'format'> {
  readonly listFormat: ListFormat;
}

/** The interface of the sharded store: `docs/sharded.md`. */
export function shardedInterface({
  listFormat,
  ...options
}: ShardedInterfaceOptions): (ports: HttpPorts) => Promise<HttpServer> {
  const node = { ...options, format: FORMATS[listFormat] };
  return (ports) =>
    RoutedServer.create(ports, {
      routes: [addKeyRoutes, addViewRoutes, addShardRoutes].map((add) => (app) => add(app, ports, node)),
      routedUrl: (url) => url,
      prepare: takeRawBodiesOfGets,
      problemType: JSON_TYPE,
      onUnknownRoute,
    });
}

/** Every path that is used by some method. */
const PATHS =
  /^\/key-value-store(\/[^/]*|-view|-shard\/(shard-ids|node-shard-id|reshard|(shard-id-members|shard-id-key-count|add-member)\/[^/]+))$/;

function onUnknownRoute({ url }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const [path = ''] = url.split('?');
  const [status, text] = PATHS.test(path) ? [405, METHOD_UNSUPPORTED] : [404, VISIT];
  return reply.code(status).type('text/plain; charset=utf-8').send(text);
}

const METHOD_UNSUPPORTED = 'This method is unsupported.';

const VISIT = 'Visit the /key-value-store/{key_query} endpoint to query the key store table';
