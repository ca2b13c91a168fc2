import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HttpPorts } from '../../http/http-ports.ts';
import { failed, ok, type ShardedAnswer, send, unable } from './answers.ts';
import { addressIn, fieldsIn } from './request-body.ts';
import { type ShardedNode, viewOf } from './sharded-node.ts';

const PATH = '/key-value-store-view';

/** The routes of the view. */
export function addViewRoutes(app: FastifyInstance, ports: HttpPorts, node: ShardedNode): void {
  app.get(PATH, async (_, reply) => {
    const view = node.format.list(viewOf(node, ports));
    return send(reply, ok({ message: 'View retrieved successfully', view }));
  });

  const change = (method: 'PUT' | 'DELETE', unless: (isKnown: boolean) => ShardedAnswer | null) =>
    app.route({
      method,
      url: PATH,
      handler: async (http, reply) => {
        const address = addressOf(http);
        if (address === null) return send(reply, failed(404, "Socket address wasn't sent", method));
        // The nodes of a view are those that it was started with, as far as they answer.
        return send(reply, unless(viewOf(node, ports).includes(address)) ?? unable(method));
      },
    });

  change('PUT', (isKnown) =>
    isKnown ? failed(404, 'Socket address already exists in the view', 'PUT') : null,
  );
  change('DELETE', (isKnown) =>
    isKnown ? null : failed(404, 'Socket address does not exist in the view', 'DELETE'),
  );
}

function addressOf(http: FastifyRequest): string | null {
  try {
    return addressIn(fieldsIn(http));
  } catch {
    return null;
  }
}
