import type { FastifyInstance } from 'fastify';
import { bodyOf } from '../../http/body.ts';
import type { HttpPorts } from '../../http/http-ports.ts';
import { keyCountOf } from '../key-counts.ts';
import { answerOf, type KvsAnswer, send, unable } from './answers.ts';
import { type ChangeView, isSameView, type NewView, wantedViewIn } from './wanted-view.ts';

/** The routes of a node of `shards` that concern no key. @param view the addresses of all nodes, by their ids */
export function addNodeRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  view: readonly string[],
  change?: ChangeView,
): void {
  app.get('/kvs/key-count', async (_, reply) =>
    send(
      reply,
      answerOf(200, { message: 'Key count retrieved successfully', 'key-count': ports.keyCount() }),
    ),
  );
  app.put('/kvs/view-change', async (http, reply) => {
    const wanted = wantedViewIn(bodyOf(http));
    if ('status' in wanted) return send(reply, wanted);
    if (change !== undefined) return send(reply, nodesChanged(await change({ ...wanted, factor: 1 })));
    // The keys of this view cannot be given to the nodes of another one.
    if (!isSameView(wanted.nodes, view)) return send(reply, unable(503, 'PUT'));
    const ids = wanted.nodes.map((address) => view.indexOf(address));
    const counts = await Promise.all(ids.map((id) => keyCountOf(id, ports)));
    if (counts.includes(null)) return send(reply, unable(503, 'PUT'));
    return send(reply, changedTo(wanted.nodes, counts));
  });
}

/** Every node is a shard. */
export function nodesChanged(changed: NewView | null): KvsAnswer {
  return changed === null ? unable(503, 'PUT') : changedTo(changed.view.nodes, changed.keys);
}

function changedTo(view: readonly string[], counts: readonly (number | null)[]): KvsAnswer {
  const shards = view.map((address, at) => ({ address, 'key-count': counts[at] }));
  return answerOf(200, { message: 'View change successful', shards });
}
