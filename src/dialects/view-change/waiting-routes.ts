import type { FastifyInstance } from 'fastify';
import { bodyOf } from '../../http/body.ts';
import { type AnswerDetails, answerOf, mainIsDown, send, unable } from './answers.ts';
import { METHOD_UNSUPPORTED } from './key-routes.ts';
import { nodesChanged } from './node-routes.ts';
import type { Paths } from './paths.ts';
import { NOT_DIVIDED, SHARD_UNKNOWN, shardsChanged } from './replica-routes.ts';
import { type ChangeView, wantedViewIn } from './wanted-view.ts';

/** The routes of a node that is in no view: it has no keys, and waits for a view change that names it. */
export function addWaitingRoutes(app: FastifyInstance, paths: Paths, change: ChangeView): void {
  const isReplicas = paths === 'replicas';
  const unavailable = isReplicas ? (method: string) => unable(503, method) : mainIsDown;
  const details: AnswerDetails = isReplicas ? { context: {} } : {};

  for (const method of ['GET', 'PUT', 'DELETE'] as const)
    app.route({
      method,
      url: '/kvs/keys/:key',
      handler: async (_, reply) => send(reply, unavailable(method), details),
    });
  app.route({
    method: ['POST', 'PATCH'],
    url: '/kvs/keys/:key',
    handler: async (_, reply) => reply.code(405).type('text/plain; charset=utf-8').send(METHOD_UNSUPPORTED),
  });

  app.get('/kvs/key-count', async (_, reply) =>
    send(reply, answerOf(200, { message: 'Key count retrieved successfully', 'key-count': 0 })),
  );
  if (isReplicas) {
    app.get('/kvs/shards', async (_, reply) =>
      send(reply, answerOf(200, { message: 'Shard membership retrieved successfully', shards: [] })),
    );
    app.get('/kvs/shards/:id', async (_, reply) => send(reply, SHARD_UNKNOWN));
  }

  app.put('/kvs/view-change', async (http, reply) => {
    const wanted = wantedViewIn(bodyOf(http));
    if ('status' in wanted) return send(reply, wanted);
    if (!isReplicas) return send(reply, nodesChanged(await change({ ...wanted, factor: 1 })));
    const { nodes, factor } = wanted;
    if (factor !== null && nodes.length % factor !== 0) return send(reply, NOT_DIVIDED);
    return send(reply, shardsChanged(await change(wanted)));
  });
}
